"""Puts placeholders where two runs must differ: ids, times, process numbers, clocks, host names, places in tracebacks."""

import datetime
import decimal
import math
import re
import socket
import uuid

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)?")
JOB = re.compile(r"Job: \d+")
REDIS = re.compile(r"127\.0\.0\.1:\d+")
SENDER = re.compile(r"gen\d+@[\w.-]+")
NUMBERS = {"pid", "worker_pid", "clock", "timestamp", "runtime", "time_start", "uptime", "delivery_tag", "active", "processed"}
HOST = socket.gethostname()
NEAR = datetime.timedelta(days=2)


class Masks:
    """`labels` names the ids that have a place in the picture; all others read `<id>`."""

    def __init__(self, labels=None):
        self.labels = labels or {}

    def __call__(self, value, key=None):
        if isinstance(value, dict):
            return {self.text(str(name)): self(one, name) for name, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self(one, key if key == "loadavg" else None) for one in value]
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, (int, float)):
            return "<number>" if key in NUMBERS or key == "loadavg" else number(value)
        if key in ("traceback",):
            return traceback(self.text(value))
        if key == "expiration":
            return "<milliseconds>"
        if key == "origin" and SENDER.fullmatch(value):
            return "<sender>"
        return self.text(value)

    def text(self, text):
        text = SENDER.sub("<sender>", text)
        text = UUID.sub(lambda found: self.labels.get(found[0], "<id>"), text)
        for task_id, label in self.labels.items():
            if not UUID.fullmatch(task_id):
                text = text.replace(task_id, label)
        text = JOB.sub("Job: <number>", REDIS.sub("<redis>", text))
        return TIME.sub(time_of, text).replace(HOST, "<host>")


def number(value):
    """JSON has no NaN, and readers round what is long."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"<{value}>"
    if isinstance(value, int) and abs(value) > 2**53:
        return f"<integer {value}>"
    return value


def time_of(found):
    day = datetime.date.fromisoformat(found[1])
    if abs(day - datetime.date.today()) > NEAR:
        return found[0]
    return f"<time{'.6' if found[2] else ''}{found[3] or ''}>"


def traceback(text):
    """Only what is not a place in somebody's code: how it begins, what it says of causes, and how it ends."""
    return [line for line in text.splitlines() if line and not line.startswith(" ")]


def plain(value):
    """A Python value as JSON that still tells its type."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return number(value)
    if isinstance(value, float):
        return f"<float {value!r}>"
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, BaseException):
        return error(value)
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return f"<{type(value).__name__} {value.isoformat()}>"
    if isinstance(value, (decimal.Decimal, uuid.UUID, bytes)):
        return f"<{type(value).__name__} {value!r}>"
    return f"<{type(value).__name__}>"


def error(value):
    return {"type": f"{type(value).__module__}.{type(value).__qualname__}", "arguments": [plain(one) for one in value.args]}


OWN = {"rusage", "writes", "total", "clock", "uptime", "port", "processes"}


def reply(value, key=None):
    """What a worker tells of itself, but only the shape of what no two processes share."""
    if isinstance(value, dict):
        return {name: shape(one) if name in OWN else reply(one, name) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [reply(one, key) for one in value]
    return Masks()(value, key)


def shape(value):
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [shape(one) for one in value]
    if value is None or isinstance(value, bool):
        return value
    return "<number>" if isinstance(value, (int, float)) else "<text>"
