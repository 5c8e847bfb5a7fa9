"""The Celery application of the fleet: settings, queues, and the hooks that write the ledger.

Everything comes from the environment, because workers, pool processes and producers must agree:
FLEET_BROKER, FLEET_RESULTS (Redis URLs), FLEET_LEDGER (folder), FLEET_CONF (JSON of Celery settings that win over ours),
FLEET_WORKER (JSON of `pool` and `events`, set by worker.py).
"""

import json
import os

import celery
from billiard.process import current_process
from celery import Celery, Task, signals
from celery.exceptions import Ignore, Reject, Retry
from kombu import Exchange, Queue
from kombu.utils.json import dumps

import truth

QUEUES = ("default", "math", "slow", "prio", "poolthreads")
WORKER = json.loads(os.environ.get("FLEET_WORKER", "{}"))
LONGEST_RESULT = 2_000

ledger = truth.from_environment()


def write(record, **fields):
    if ledger is not None:
        ledger.write(record, **fields)


class LedgeredTask(Task):
    """Every task of the application, Celery's built-in ones included, writes down that it ran and how it was left."""

    def __call__(self, *args, **kwargs):
        request = self.request
        if request.called_directly:  # an errback or a mapped task, run inside another task
            return super().__call__(*args, **kwargs)
        run = {"id": request.id, "retries": request.retries}
        limit = request.timelimit or (None, None)
        write(
            "begin",
            **run,
            name=self.name,
            worker=request.hostname,
            redelivered=bool((request.delivery_info or {}).get("redelivered")),
            version=celery.__version__,
            pool=WORKER.get("pool"),
            events=WORKER.get("events"),
            acksLate=self.acks_late,
            requeuesWhenLost=bool(self.reject_on_worker_lost),
            retriesWhenLost=bool(getattr(self, "retry_on_worker_lost", False)),
            ignoresResult=ignores_result(self),
            hardLimit=limit[0] or self.time_limit,
        )
        try:
            result = self.run(*args, **kwargs)
        except BaseException as error:
            write("end", **run, **outcome_of(error, request))
            raise
        write("end", **run, outcome="success", **result_of(result))
        return result

    def update_state(self, task_id=None, state=None, meta=None, **rest):
        write("state", id=task_id or self.request.id, retries=self.request.retries, state=state)
        return super().update_state(task_id=task_id, state=state, meta=meta, **rest)

    def replace(self, signature):
        self.request.replaces_itself = True
        return super().replace(signature)


def outcome_of(error, request):
    if isinstance(error, Retry):
        return {"outcome": "retry", "exception": describe(error.exc) if error.exc else None}
    if isinstance(error, Ignore):
        replaced = getattr(request, "replaces_itself", False)
        return {"outcome": "replaced" if replaced else "ignored"}
    if isinstance(error, Reject):
        return {"outcome": "rejected", "requeue": bool(error.requeue)}
    if isinstance(error, Exception):
        return {"outcome": "failure", "exception": describe(error)}
    return {"outcome": "exit", "exception": describe(error)}


def describe(error):
    return {"type": type(error).__qualname__, "module": type(error).__module__, "message": str(error)[:500]}


def result_of(result):
    try:
        text = dumps(result)
    except Exception as error:  # what the result backend will stumble over, too
        return {"encodable": False, "result": repr(result)[:LONGEST_RESULT], "exception": describe(error)}
    return {"encodable": True, "result": text[:LONGEST_RESULT]}


def ignores_result(task):
    header = task.request.ignore_result
    try:
        from celery.app.trace import get_actual_ignore_result
    except ImportError:  # before Celery 5.6 a message can only switch results off
        return bool(header or task.ignore_result)
    return bool(get_actual_ignore_result(task, task.request))


app = Celery("fleet", task_cls=LedgeredTask)
app.conf.update(
    broker_url=os.environ.get("FLEET_BROKER", "redis://127.0.0.1:6379/0"),
    result_backend=os.environ.get("FLEET_RESULTS", "redis://127.0.0.1:6379/1"),
    imports=("tasks",),
    accept_content=["json", "msgpack", "yaml", "pickle"],
    task_default_queue="default",
    task_queues=[Queue(name, Exchange(name), routing_key=name) for name in QUEUES],
    task_send_sent_event=True,
    result_extended=True,
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=True,
)
app.conf.update(json.loads(os.environ.get("FLEET_CONF", "{}")))


@signals.before_task_publish.connect
def on_publish(sender=None, routing_key=None, headers=None, properties=None, **_):
    limit = headers.get("timelimit") or (None, None)
    write(
        "sent",
        id=headers["id"],
        name=sender,
        queue=routing_key,
        priority=(properties or {}).get("priority"),
        retries=headers.get("retries", 0),
        eta=headers.get("eta"),
        expires=headers.get("expires"),
        hardLimit=limit[0],
        ignoresResult=headers.get("ignore_result"),
        root=headers.get("root_id"),
        parent=headers.get("parent_id"),
        group=headers.get("group"),
        shadow=headers.get("shadow"),
        args=(headers.get("argsrepr") or "")[:200],
    )


def in_prefork_parent():
    return WORKER.get("pool") == "prefork" and current_process().name == "MainProcess"


@signals.task_revoked.connect
def on_revoked(request=None, terminated=None, expired=None, **_):
    write("note", id=request.id, what="revoked", terminated=bool(terminated), expired=bool(expired))


@signals.task_unknown.connect
def on_unknown(id=None, name=None, **_):
    write("note", id=id, what="unknown", name=name)


@signals.task_failure.connect
def on_failure(task_id=None, exception=None, **_):
    # In the pool process the task writes its own end; the main process reports those that could not.
    if in_prefork_parent():
        write("note", id=task_id, what="found dead", exception=describe(exception))


@signals.task_retry.connect
def on_retry(request=None, **_):
    if in_prefork_parent():
        write("note", id=request.id, what="retried for it")
