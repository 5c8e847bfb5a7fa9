"""The command lines of Celery, as a person types them."""

import signal
import subprocess
import sys
import time

from app import add, app, fail, hold, trace
from case import case
from normal import Masks


def command(name, *arguments):
    @case(f"celery {name}", world="commands")
    def _(client):
        return client.celery(*[one.replace("NODE", client.node) for one in (arguments or name.split())])


command("status")
command("status --json")
command("inspect ping")
command("inspect ping of one", "inspect", "--destination", "NODE", "ping")
command("inspect ping of nobody", "inspect", "--destination", "nobody@conformance", "--timeout", "0.5", "ping")
command("inspect reserved --json")
command("inspect scheduled")
command("inspect registered")
command("inspect active_queues")
command("inspect query_task", "inspect", "query_task", "nobody")
command("control enable_events")
command("control rate_limit", "control", "rate_limit", "app.limited", "0")
command("control rate_limit of an unknown task", "control", "rate_limit", "app.nowhere", "1/s")
command("control time_limit", "control", "time_limit", "app.limited", "10", "20")
command("control cancel_consumer", "control", "cancel_consumer", "nowhere")
command("control revoke", "control", "revoke", "nobody")
command("control pool_grow", "control", "pool_grow", "0")


@case("celery inspect stats", world="commands")
def _(client):
    seen = client.celery("inspect", "stats", "--json")
    return [seen["exit"], [line[:25] for line in seen["output"][:1]], seen["errors"]]


@case("celery inspect report", world="commands")
def _(client):
    seen = client.celery("inspect", "report")
    return [seen["exit"], seen["output"][:2], seen["errors"]]


@case("celery inspect revoked", world="commands")
def _(client):
    return client.celery("inspect", "revoked")["exit"]


@case("celery inspect clock", world="commands")
def _(client):
    seen = client.celery("inspect", "clock", "--json")
    return [seen["exit"], ["".join("0" if one.isdigit() else one for one in line.rstrip("0123456789")) for line in seen["output"]][:1] != []]


@case("celery call", world="commands")
def _(client):
    seen = client.celery("call", "app.add", "--args", "[2, 3]")
    task_id = client.last_output
    return [seen, client.value(app.AsyncResult(task_id))]


@case("celery result", world="commands")
def _(client):
    result = add.delay(20, 22)
    client.value(result)
    return client.celery("result", result.id)


@case("celery result of a failure", world="commands")
def _(client):
    result = fail.delay("ValueError", "boom")
    client.value(result)
    seen = client.celery("result", result.id)
    return [seen["exit"], seen["output"][-1:], seen["errors"][-1:]]


@case("celery result, its traceback", world="commands")
def _(client):
    result = fail.delay("ValueError", "boom")
    client.value(result)
    seen = client.celery("result", "--traceback", result.id)
    return [seen["exit"], seen["output"][:1], seen["output"][-1:]]


@case("celery events --dump", world="commands")
def _(client):
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "celery", "-A", "app", "events", "--dump"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    lines = []
    deadline = time.monotonic() + 20
    result = None
    for line in process.stdout:
        lines.append(line.rstrip())
        if result is None and client.node in line:
            result = trace.delay("dumped")
        if (result is not None and result.id in line and "succeeded" in line) or time.monotonic() > deadline:
            break
    process.send_signal(signal.SIGINT)
    process.wait(10)
    mine = [line for line in lines if result is not None and result.id in line]
    masks = Masks({result.id: "<1>"}) if result is not None else Masks()
    return sorted(dump_line(masks.text(line)) for line in mine)


def dump_line(line):
    import re

    line = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?", "<time>", line)
    return re.sub(r"(clock|pid|timestamp|local_received|runtime)=[\d.e-]+", r"\1=<number>", line)


@case("celery purge of a queue", world="commands")
def _(client):
    for number in range(3):
        add.apply_async((number, 1), queue="waste")
    return client.celery("purge", "-f", "-Q", "waste")


@case("celery inspect active while one runs", world="commands")
def _(client):
    gate = client.gate()
    result = hold.delay(gate, 1)
    client.held(gate)
    seen = client.celery("inspect", "active", "--destination", client.node, "--json")
    client.open(gate)
    result.get(timeout=10)
    return [seen["exit"], result.id in str(client.last_text), seen["errors"]]
