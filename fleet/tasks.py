"""One task for every way in which a task can end. Bodies are short: milliseconds, at most a second where time is the point.

Runs on Celery 5.3, 5.6 and 5.7; attributes that a version does not know are ignored by it.
"""

import os
import signal
import time

from celery import group
from celery.exceptions import Ignore, Reject, SoftTimeLimitExceeded

from app import app, write


def pause(ms):
    time.sleep(ms / 1000)


# Success


@app.task(name="fleet.add")
def add(x, y, ms=0):
    pause(ms)
    return x + y


@app.task(name="fleet.total")
def total(numbers):
    return sum(numbers)


@app.task(name="fleet.echo")
def echo(*args, **kwargs):
    return [list(args), kwargs]


@app.task(name="fleet.count_words")
def count_words(text, ms=0):
    pause(ms)
    return len(text.split())


@app.task(name="fleet.quiet", ignore_result=True)
def quiet(ms=0, fails=False):
    """Its result is not stored, so only events can tell of its end."""
    pause(ms)
    if fails:
        raise ValueError("nobody will read this")
    return "nobody will read this"


@app.task(name="fleet.unencodable")
def unencodable():
    """The function succeeds; storing what it returns does not."""
    return object()


# Failure


class OrderError(Exception):
    class Rejected(Exception):
        """Its qualified name has a dot."""


class NeedsTwo(Exception):
    """Cannot be rebuilt from its `args`, so Python cannot pickle it back."""

    def __init__(self, order, reason):
        super().__init__(f"order {order}: {reason}")


def find_price(catalogue, article):
    return catalogue[article]


@app.task(name="fleet.fail")
def fail(how="plain", ms=0):
    pause(ms)
    if how == "from":
        try:
            find_price({}, "tulip")
        except KeyError as error:
            raise OrderError("no price for tulip") from error
    if how == "during":
        try:
            find_price({}, "tulip")
        except KeyError:
            int("not a number")
    if how == "nested":
        raise OrderError.Rejected("the shop is closed", 7)
    if how == "unicode":
        raise ValueError("Größe 37½ – «naïve» 🌷\nsecond line\t\u202eright to left")
    if how == "odd":
        raise NeedsTwo(12, "no stock")
    if how == "empty":
        raise RuntimeError
    raise ValueError(f"cannot {how}")


# Retries


@app.task(name="fleet.flaky", bind=True, max_retries=5)
def flaky(self, times=1, countdown=0.2, ms=0):
    """Succeeds after `times` retries."""
    pause(ms)
    if self.request.retries < times:
        raise self.retry(exc=ConnectionError(f"try {self.request.retries}"), countdown=countdown)
    return self.request.retries


@app.task(name="fleet.exhaust", bind=True, max_retries=2)
def exhaust(self, with_cause=True, countdown=0.2):
    """Uses up its retries: fails with the cause, or with MaxRetriesExceededError where there is none."""
    raise self.retry(exc=ConnectionError("still down") if with_cause else None, countdown=countdown)


@app.task(
    name="fleet.backoff",
    bind=True,
    autoretry_for=(ConnectionError,),
    retry_backoff=1,
    retry_backoff_max=2,
    retry_jitter=False,
    retry_kwargs={"max_retries": 2},
)
def backoff(self, times=1):
    if self.request.retries < times:
        raise ConnectionError(f"refused {self.request.retries}")
    return self.request.retries


# Reject and Ignore


@app.task(name="fleet.reject_late", bind=True, acks_late=True)
def reject_late(self, requeue):
    """With `requeue` it succeeds when it is delivered again."""
    if requeue and self.request.delivery_info.get("redelivered"):
        return "second delivery"
    raise Reject("not today", requeue=requeue)


@app.task(name="fleet.reject_early")
def reject_early(requeue):
    """Its message is acknowledged already, so rejecting it changes nothing on the broker."""
    raise Reject("not today", requeue=requeue)


@app.task(name="fleet.ignore", bind=True)
def ignore(self, state=None):
    """With `state` it leaves that behind: how applications pause a task."""
    if state:
        self.update_state(state=state, meta={"since": "today"})
    raise Ignore()


# Limits and deaths. These need the prefork pool.


@app.task(name="fleet.soft_limit", soft_time_limit=1)
def soft_limit(seconds=20, cleans_up=False):
    try:
        time.sleep(seconds)
    except SoftTimeLimitExceeded:
        if not cleans_up:
            raise
        return "cleaned up"
    return "in time"


@app.task(name="fleet.hard_limit", time_limit=1)
def hard_limit(seconds=20):
    time.sleep(seconds)


@app.task(name="fleet.hard_limit_late", time_limit=1, acks_late=True)
def hard_limit_late(seconds=20):
    time.sleep(seconds)


def die(task, how):
    write("dying", id=task.request.id, retries=task.request.retries, how=how)
    if how == "exit":
        os._exit(3)
    os.kill(os.getpid(), signal.SIGKILL)


@app.task(name="fleet.die_early", bind=True)
def die_early(self, how):
    die(self, how)


@app.task(name="fleet.die_late", bind=True, acks_late=True)
def die_late(self, how):
    die(self, how)


@app.task(name="fleet.die_once", bind=True, acks_late=True, reject_on_worker_lost=True)
def die_once(self, how):
    """Its message goes back to the queue; the second delivery succeeds."""
    if not self.request.delivery_info.get("redelivered"):
        die(self, how)
    return "survived"


@app.task(name="fleet.die_retried", bind=True, retry_on_worker_lost=True, default_retry_delay=1, max_retries=2)
def die_retried(self, how):
    """From Celery 5.7 the worker itself retries it; older ones fail it."""
    if self.request.retries == 0:
        die(self, how)
    return "retried"


@app.task(name="fleet.long")
def long(seconds=60):
    """Runs until somebody terminates it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        time.sleep(0.05)
    return "nobody came"


@app.task(name="fleet.long_late", acks_late=True)
def long_late(seconds=60):
    """As `long`, but its message outlives its worker."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        time.sleep(0.05)
    return "nobody came"


# States of their own


@app.task(name="fleet.progress", bind=True)
def progress(self, steps=3, ms=30, fails=False):
    for step in range(steps):
        self.update_state(state="PROGRESS", meta={"done": step, "of": steps})
        self.send_event("task-checkpoint", step=step)
        pause(ms)
    if fails:
        raise ValueError("stuck at the end")
    return steps


# Tasks that send tasks


@app.task(name="fleet.spawn", bind=True)
def spawn(self, children=3, depth=1):
    for child in range(children):
        if depth > 1:
            spawn.apply_async((children, depth - 1))
        else:
            add.apply_async((child, 1))
    return children


@app.task(name="fleet.replace", bind=True)
def replace(self, how="task"):
    if how == "task":
        return self.replace(add.s(1, 2))
    if how == "chain":
        return self.replace(add.s(1, 2) | add.s(3))
    if how == "failing":
        return self.replace(fail.s("be replaced"))
    return self.replace(group(add.s(n, n) for n in range(3)))


@app.task(name="fleet.on_success")
def on_success(result):
    return f"heard {result!r}"[:100]


@app.task(name="fleet.on_failure")
def on_failure(task_id):
    """One parameter: Celery sends it as a task."""
    return task_id


@app.task(name="fleet.on_failure_inside")
def on_failure_inside(request, error, traceback):
    """Three parameters: Celery calls it inside the worker, and no message is sent."""


@app.task(name="fleet.on_failure_broken")
def on_failure_broken(request, error, traceback):
    """An errback that raises overwrites the result of the task that it was called for."""
    raise LookupError("the errback is broken, too")


@app.task(name="fleet.limited", rate_limit="20/s")
def limited():
    return "at last"
