"""A small application that exists twice, here and in worker/testing/sums.ts: whatever a client can see of it must be the same.

Imported by client.py, and run as a worker: celery -A sums worker -Q python. Settings come from SUMS_BROKER, SUMS_RESULTS, SUMS_QUEUE.
"""

import os
import time

from celery import Celery, group
from celery.exceptions import Ignore, Reject

app = Celery("sums", broker=os.environ["SUMS_BROKER"], backend=os.environ["SUMS_RESULTS"])
app.conf.update(
    task_default_queue=os.environ["SUMS_QUEUE"],
    accept_content=["json", "msgpack", "yaml"],
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=True,
)


@app.task(name="sums.add")
def add(x, y):
    return x + y


@app.task(name="sums.mul")
def mul(x, y):
    return x * y


@app.task(name="sums.total")
def total(numbers):
    return sum(numbers)


@app.task(name="sums.echo")
def echo(*args):
    return list(args)


@app.task(name="sums.fail")
def fail(*args):
    raise ValueError("boom", 7)


@app.task(name="sums.flaky", bind=True, max_retries=3)
def flaky(self, times, countdown=0.1):
    if self.request.retries < times:
        raise self.retry(exc=ConnectionError(f"try {self.request.retries}"), countdown=countdown)
    return self.request.retries


@app.task(name="sums.sleep")
def sleep(seconds):
    time.sleep(seconds)
    return seconds


@app.task(name="sums.sleep_late", acks_late=True)
def sleep_late(seconds):
    time.sleep(seconds)
    return seconds


@app.task(name="sums.parent")
def parent(x):
    add.delay(x, 1)
    return x


@app.task(name="sums.progress", bind=True)
def progress(self):
    self.update_state(state="PROGRESS", meta={"current": 1, "total": 2})
    time.sleep(0.5)
    return "done"


@app.task(name="sums.ignore")
def ignore():
    raise Ignore()


@app.task(name="sums.reject", acks_late=True)
def reject():
    raise Reject("not today", requeue=False)


@app.task(name="sums.limited", rate_limit="5/s")
def limited(number):
    return number


@app.task(name="sums.replace", bind=True)
def replace(self, how):
    if how == "task":
        raise self.replace(add.s(1, 2))
    if how == "chain":
        raise self.replace(add.s(1, 2) | add.s(3))
    raise self.replace(group(add.s(number, number) for number in range(3)))


@app.task(name="sums.grow", bind=True)
def grow(self, number):
    self.add_to_chord(add.s(number, number))
    return number


@app.task(name="sums.fan")
def fan():
    group(add.s(1, 1), add.s(2, 2)).apply_async()
    (add.s(1, 1) | mul.s(3)).apply_async()
    (group(add.s(1, 1), add.s(2, 2)) | total.s()).apply_async()
    return "sent"


@app.task(name="sums.where")
def where(*args):
    time.sleep(0.05)
    return "python"


@app.task(name="sums.failed")
def failed(task_id):
    return task_id
