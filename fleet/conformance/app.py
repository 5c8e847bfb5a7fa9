"""The application that both workers run: these tasks in Python, and the same in app.ts.

Clients import this module too, so that they know the tasks. The environment says where: CONFORMANCE_BROKER and
CONFORMANCE_RESULTS (Redis URLs), CONFORMANCE_CONF (JSON of Celery settings that win over ours).
"""

import builtins
import json
import os
import signal
import time

import redis
from celery import Celery, group, signature
from celery.exceptions import Ignore, Reject, SoftTimeLimitExceeded
from kombu import Exchange, Queue

BROKER = os.environ.get("CONFORMANCE_BROKER", "redis://127.0.0.1:6379/0")
RESULTS = os.environ.get("CONFORMANCE_RESULTS", "redis://127.0.0.1:6379/1")
HOLD_SECONDS = 20

app = Celery("app")
app.conf.update(
    broker_url=BROKER,
    result_backend=RESULTS,
    accept_content=["json", "msgpack", "yaml"],
    task_send_sent_event=True,
    task_queues=[Queue(name, Exchange(name), routing_key=name) for name in ("celery", "other")],
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
    broker_pool_limit=100,  # a nested canvas holds a connection for each level while it is sent
)
app.conf.update(json.loads(os.environ.get("CONFORMANCE_CONF", "{}")))

notes = redis.Redis.from_url(RESULTS, decode_responses=True, socket_timeout=None)


class Trouble(Exception):
    """An error of the application."""


class Awkward(Exception):
    """Its constructor's arguments are not those it keeps, so that Python cannot pickle it."""

    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


# Plain work


@app.task
def add(x, y):
    return x + y


@app.task
def total(numbers):
    return sum(numbers)


@app.task
def echo(value=None):
    return value


@app.task
def keyword(first, second=2, *, third=3):
    return [first, second, third]


@app.task
def trace(*steps):
    """The last argument is its own name, the others what came before: `c(b(a()))` shows the way that a value took."""
    *before, name = steps
    return f"{name}({','.join(written(one) for one in before)})"


def written(value):
    return f"[{','.join(written(one) for one in value)}]" if isinstance(value, list) else str(value)


@app.task
def note(*words):
    """Leaves a trace outside: the list `notes:<first word>`."""
    notes.rpush(f"notes:{words[-1]}", json.dumps(words[:-1]))


@app.task
def nap(seconds, value=None):
    time.sleep(seconds)
    return value


@app.task
def hold(gate, value=None):
    """Runs until somebody pushes to the list `gate:<gate>`."""
    notes.rpush(f"held:{gate}", "here")
    notes.expire(f"held:{gate}", HOLD_SECONDS)
    notes.blpop(f"gate:{gate}", timeout=HOLD_SECONDS)
    return value


def own_headers(headers):
    """What the caller added: Celery keeps other things there too, and which depends on its version."""
    return {name: value for name, value in (headers or {}).items() if name in ("tenant", "nested", "custom", "x-request")}


@app.task(bind=True)
def whoami(self, *_):
    request = self.request
    return {
        "id": request.id,
        "root": request.root_id,
        "parent": request.parent_id,
        "group": request.group,
        "groupIndex": request.group_index,
        "retries": request.retries,
        "deliveryInfo": request.delivery_info,
        "hostname": request.hostname,
        "headers": own_headers(request.headers),
        "stamps": request.stamps or {},
        "timelimit": list(request.timelimit or (None, None)),
        "eta": request.eta is not None,
        "expires": request.expires is not None,
        "args": request.args,
        "kwargs": request.kwargs,
        "origin": request.origin,
        "correlationId": request.correlation_id,
        "replacedTaskNesting": request.replaced_task_nesting,
    }


@app.task(ignore_result=True)
def forgotten(x):
    return x


@app.task(track_started=True)
def tracked(x):
    return x


@app.task
def limited(x):
    return x


@app.task
def unserializable():
    return object()


# Errors


@app.task
def fail(kind="ValueError", *args):
    raise getattr(builtins, kind)(*args)


@app.task
def fail_own(*args):
    raise Trouble(*args)


@app.task
def fail_awkward():
    raise Awkward("one", "two")


@app.task
def fail_from():
    try:
        raise KeyError("missing")
    except KeyError as error:
        raise ValueError("the second") from error


@app.task
def fail_object():
    raise ValueError("odd", {1: object}, b"\xff")


@app.task(throws=(KeyError,))
def fail_expected():
    raise KeyError("expected")


@app.task
def ignore(state=None):
    raise Ignore()


@app.task(bind=True)
def ignore_after_state(self):
    self.update_state(state="PAUSED", meta={"at": 3})
    raise Ignore()


@app.task
def reject(reason="no", requeue=False):
    raise Reject(reason, requeue=requeue)


@app.task(bind=True, acks_late=True)
def reject_late(self, requeue):
    """Asks to be delivered again only once."""
    if requeue and (self.request.delivery_info or {}).get("redelivered"):
        return "again"
    raise Reject("later", requeue=requeue)


# Retries


@app.task(bind=True, max_retries=5)
def retry_until(self, attempts, countdown=0.3):
    if self.request.retries < attempts:
        raise self.retry(countdown=countdown)
    return self.request.retries


@app.task(bind=True, max_retries=1)
def retry_for_cause(self, kind="ValueError"):
    try:
        raise getattr(builtins, kind)("cause")
    except Exception as error:
        raise self.retry(exc=error, countdown=0.3)


@app.task(bind=True, max_retries=1)
def retry_without_cause(self, x=1):
    raise self.retry(countdown=0.3)


@app.task(bind=True, max_retries=2)
def retry_with_arguments(self, x):
    if self.request.retries < 1:
        raise self.retry(args=[x + 1], countdown=0.3)
    return x


@app.task(bind=True, max_retries=2)
def retry_elsewhere(self):
    if self.request.retries < 1:
        raise self.retry(countdown=0.3, queue="other")
    return self.request.delivery_info["routing_key"]


@app.task(bind=True, max_retries=3)
def retry_most(self, most):
    raise self.retry(countdown=0.3, max_retries=most, exc=ValueError("most"))


@app.task(bind=True, autoretry_for=(ValueError,), max_retries=2, default_retry_delay=0.3)
def auto_retry(self, attempts, kind="ValueError"):
    if self.request.retries < attempts:
        raise getattr(builtins, kind)(f"attempt {self.request.retries}")
    return self.request.retries


@app.task(bind=True, autoretry_for=(Exception,), dont_autoretry_for=(KeyError,), max_retries=2, default_retry_delay=0.3)
def auto_retry_but(self, kind):
    raise getattr(builtins, kind)("but")


@app.task(bind=True, autoretry_for=(ValueError,), max_retries=2, retry_backoff=1, retry_jitter=False)
def auto_retry_slowly(self):
    if self.request.retries < 1:
        raise ValueError("slowly")
    return self.request.retries


# Replacing and sending


@app.task(bind=True)
def replace_by(self, one):
    """`one` is a signature, as a message carries it."""
    raise self.replace(signature(one, app=app))


@app.task(bind=True)
def add_parts(self, count, value=0):
    for number in range(count):
        self.add_to_chord(trace.si(f"added-{number}-{value}"))
    return value


@app.task(bind=True)
def add_part_outside(self):
    self.add_to_chord(trace.si("never"))


@app.task
def spawn(count):
    for number in range(count):
        trace.delay(f"child-{number}")


@app.task
def spawn_group(count):
    group(trace.si(f"member-{number}") for number in range(count)).apply_async()


@app.task
def spawn_one(one):
    signature(one, app=app).apply_async()


@app.task
def on_error(failed_id):
    """An errback of the kind that is sent."""
    return failed_id


@app.task
def on_error_inside(request, error, traceback):
    """An errback of the kind that Python calls inside the worker."""
    notes.rpush(f"errback:{request.id}", repr(error))


# States


@app.task(bind=True)
def progress(self, steps):
    for step in range(steps):
        self.update_state(state="PROGRESS", meta={"current": step + 1, "total": steps})
    return "done"


@app.task(bind=True)
def custom_state(self, state, meta):
    self.update_state(state=state, meta=meta)
    return state


@app.task(bind=True)
def say(self, subject, **fields):
    """An event of its own."""
    self.send_event(subject, **fields)


# Limits


@app.task(soft_time_limit=0.4, time_limit=10)
def soft(catch=False):
    try:
        time.sleep(8)
    except SoftTimeLimitExceeded:
        if not catch:
            raise
        return "in time"


@app.task(time_limit=0.6)
def hard():
    time.sleep(8)


@app.task(acks_late=True)
def late(x):
    return x


@app.task(acks_late=True)
def late_fail():
    raise ValueError("late")


@app.task(acks_late=True, time_limit=0.6)
def late_hard():
    time.sleep(8)


@app.task
def die():
    os.kill(os.getpid(), signal.SIGKILL)


@app.task(acks_late=True)
def late_die():
    os.kill(os.getpid(), signal.SIGKILL)


@app.task(bind=True, acks_late=True, reject_on_worker_lost=True)
def late_die_once(self):
    """Delivered again when its process is lost."""
    if not (self.request.delivery_info or {}).get("redelivered"):
        os.kill(os.getpid(), signal.SIGKILL)
    return "survived"
