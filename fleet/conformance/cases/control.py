"""What a worker tells of itself, and what it does when it is told; one case after the other."""

import time

from app import add, app, hold, limited, trace, whoami
from case import case
from normal import Masks, reply


def control(name):
    return case(f"control: {name}", world="control")


def inspect(name):
    return case(f"inspect: {name}", world="control")


class Held:
    """Tasks that fill both slots of the worker, until the end."""

    def __init__(self, client, count=2, **options):
        self.client, self.count, self.gate = client, count, client.gate()
        self.results = [hold.apply_async((self.gate, number), **options) for number in range(count)]
        client.held(self.gate, min(count, 2))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.open(self.gate, self.count)
        for result in self.results:
            result.get(timeout=10, propagate=False)

    def masked(self, answer):
        labels = {result.id: f"<{number}>" for number, result in enumerate(self.results, 1)}
        return Masks({**labels, self.gate: "<gate>"})(answer)


def by_id(infos):
    return sorted(infos, key=lambda info: str(info["args"])[-5:])


for method in ("ping", "stats", "active_queues", "registered", "scheduled", "active", "reserved", "report", "clock", "conf", "memsample"):

    @inspect(f"{method}, at rest")
    def _(client, method=method):
        answer = client.ask(method)
        if method == "memsample":
            return type(answer).__name__
        if method == "report":
            return [type(answer).__name__, sorted(answer) if isinstance(answer, dict) else None]
        if method == "conf":
            return {**answer, "include": sorted(answer.get("include", ()))}
        return answer


@inspect("ping through the client")
def _(client):
    return app.control.ping(destination=[client.node], timeout=3)


@inspect("ping to all")
def _(client):
    return app.control.inspect(timeout=2).ping()


@inspect("ping by pattern")
def _(client):
    return app.control.inspect(pattern="control@*", matcher="glob", timeout=2).ping()


@inspect("ping by regular expression")
def _(client):
    return app.control.inspect(pattern="contr.l@.*", matcher="pcre", timeout=2).ping()


@inspect("ping to another")
def _(client):
    return app.control.inspect(destination=["nobody@conformance"], timeout=0.7).ping()


@inspect("ping with a pattern that does not fit")
def _(client):
    return app.control.inspect(pattern="other*", matcher="glob", timeout=0.7).ping()


@inspect("registered, with built-in tasks")
def _(client):
    return client.ask("registered", builtins=True)


@inspect("registered, with details")
def _(client):
    return client.ask("registered", taskinfoitems=["max_retries", "rate_limit"])


@inspect("conf with defaults")
def _(client):
    answer = client.ask("conf", with_defaults=True)
    names = ("task_default_queue", "result_expires", "task_serializer", "accept_content", "worker_prefetch_multiplier", "enable_utc")
    return {name: answer.get(name) for name in names} if isinstance(answer, dict) else answer


@inspect("hello")
def _(client):
    answer = client.ask("hello", from_node="somebody@else", revoked=[])
    return sorted(answer) if isinstance(answer, dict) else answer


@inspect("hello from itself")
def _(client):
    return client.ask("hello", from_node=client.node, revoked=[])


@inspect("active")
def _(client):
    with Held(client) as held:
        return held.masked(reply(by_id(client.until("active", lambda answer: len(answer) == 2))))


@inspect("active, safely")
def _(client):
    with Held(client) as held:
        return held.masked(reply(by_id(client.until("active", lambda answer: len(answer) == 2, safe=True))))


@inspect("reserved")
def _(client):
    with Held(client, 4) as held:
        return held.masked(by_id(client.until("reserved", lambda answer: len(answer) == 2)))


@inspect("scheduled")
def _(client):
    result = whoami.apply_async(("later",), {}, countdown=60, priority=3, shadow="shown")
    client.heard(result.id, "task-received")
    answer = client.until("scheduled", bool)
    app.control.revoke(result.id)
    return Masks({result.id: "<1>"})(answer)


@inspect("query_task")
def _(client):
    waiting = add.apply_async((1, 2), countdown=60)
    client.heard(waiting.id, "task-received")
    with Held(client, 3) as held:
        client.until("reserved", lambda answer: len(answer) == 1)
        ids = [*(result.id for result in held.results), waiting.id, "nobody"]
        answer = client.ask_plainly("query_task", ids=ids)
        app.control.revoke(waiting.id)
        return held.masked(Masks({waiting.id: "<eta>"})(reply(answer)))


@inspect("query_task with one id")
def _(client):
    with Held(client, 1) as held:
        return held.masked(reply(client.ask_plainly("query_task", ids=held.results[0].id)))


@inspect("revoked")
def _(client):
    task_id = client.new_id()
    app.control.revoke(task_id)
    return knows(client, task_id)


def knows(client, task_id):
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        answer = client.ask_plainly("revoked")
        if task_id in answer:
            return [type(answer).__name__, True]
        time.sleep(0.1)
    return [type(answer).__name__, False]


@inspect("stats of finished tasks")
def _(client):
    result = trace.delay("counted")
    client.run(result)
    return sorted(client.ask_plainly("stats")["total"])


@inspect("an unknown command")
def _(client):
    return client.ask("no_such_command")


@inspect("a command with arguments that it does not take")
def _(client):
    return client.ask("clock", nonsense=1)


@inspect("a command without the arguments that it needs")
def _(client):
    return client.ask("rate_limit")


@inspect("objgraph, which needs a library")
def _(client):
    answer = client.ask("objgraph", num=1, max_depth=1, type="Request")
    return sorted(answer) if isinstance(answer, dict) else type(answer).__name__


@inspect("old names")
def _(client):
    return [client.ask(method) for method in ("dump_active", "dump_reserved", "dump_schedule")]


# Control


@control("heartbeat")
def _(client):
    before = len(client.listener.by_node[client.node])
    app.control.heartbeat(destination=[client.node])
    requested = lambda: [one for one in client.listener.by_node[client.node][before:] if one.get("freq") != 2.0]
    client.listener.wait_for(requested, 5)
    return Masks()(requested()[:1])


@control("a heartbeat by itself")
def _(client):
    before = len(client.listener.by_node[client.node])
    beats = lambda: [one for one in client.listener.by_node[client.node][before:] if one["type"] == "worker-heartbeat" and "active" in one]
    client.listener.wait_for(lambda: len(beats()) >= 2, 8)
    return Masks()(beats()[:1])


@control("heartbeats come every two seconds")
def _(client):
    before = len(client.listener.by_node[client.node])
    beats = lambda: [
        one["timestamp"] for one in client.listener.by_node[client.node][before:] if one["type"] == "worker-heartbeat" and "active" in one
    ]
    client.listener.wait_for(lambda: len(beats()) >= 2, 8)
    first, second, *_ = beats()
    return 1.5 < second - first < 3


@control("active in a heartbeat")
def _(client):
    with Held(client):
        before = len(client.listener.by_node[client.node])
        busy = lambda: [one.get("active") for one in client.listener.by_node[client.node][before:] if one.get("active")]
        client.listener.wait_for(busy, 6)
        return busy()[:1]


@control("events are enabled already")
def _(client):
    return client.ask("enable_events")


@control("events cannot be disabled with -E")
def _(client):
    answer = client.ask("disable_events")
    result = trace.delay("still heard")
    return [answer, client.heard(result.id, "task-succeeded", 5)]


@control("rate limit")
def _(client):
    return [
        client.ask("rate_limit", task_name="app.limited", rate_limit="10/m"),
        [one for one in client.ask("registered") if "limited" in one],
        client.ask("rate_limit", task_name="app.limited", rate_limit="0"),
        [one for one in client.ask("registered") if "limited" in one],
    ]


@control("rate limits that are odd")
def _(client):
    return [client.ask("rate_limit", task_name="app.limited", rate_limit=limit) for limit in ("5/s", "3/h", 7, 2.5, None, "", 0)]


@control("rate limit that is none")
def _(client):
    return client.ask("rate_limit", task_name="app.limited", rate_limit="often")


@control("rate limit of an unknown task")
def _(client):
    return client.ask("rate_limit", task_name="app.nowhere", rate_limit="1/s")


@control("rate limit holds tasks back")
def _(client):
    client.ask("rate_limit", task_name="app.limited", rate_limit="2/s")
    results = [limited.delay(number) for number in range(4)]
    values = [result.get(timeout=10) for result in results]
    client.ask("rate_limit", task_name="app.limited", rate_limit="0")
    client.listener.wait_for(lambda: all("task-started" in kinds(client, one.id) for one in results), 5)
    times = sorted(one["timestamp"] for result in results for one in client.listener.by_task[result.id] if one["type"] == "task-started")
    return [values, 1 < times[-1] - times[0] < 4]


def kinds(client, task_id):
    return [one["type"] for one in client.listener.by_task[task_id]]


@control("time limit")
def _(client):
    return [
        client.ask("time_limit", task_name="app.limited", soft=10, hard=20),
        client.ask("time_limit", task_name="app.limited", soft=None, hard=None),
    ]


@control("time limit of an unknown task")
def _(client):
    return client.ask("time_limit", task_name="app.nowhere", soft=1, hard=2)


@control("pool_grow and pool_shrink")
def _(client):
    def size(answer):
        return len(answer["pool"].get("processes") or ())

    grown = client.ask("pool_grow", n=2)
    stats = client.until("stats", lambda answer: size(answer) == 4, 12)
    after = [stats["pool"]["max-concurrency"], size(stats), stats["prefetch_count"]]
    shrunk = client.ask("pool_shrink", n=2)
    stats = client.until("stats", lambda answer: size(answer) == 2, 12)
    return [grown, after, shrunk, [stats["pool"]["max-concurrency"], size(stats), stats["prefetch_count"]]]


@control("a grown pool runs more at once")
def _(client):
    client.ask("pool_grow", n=1)
    gate = client.gate()
    results = [hold.delay(gate, number) for number in range(3)]
    three = client.held(gate, 3)
    client.open(gate, 3)
    values = [result.get(timeout=10) for result in results]
    client.ask("pool_shrink", n=1)
    return [three, values]


@control("autoscale that is not enabled")
def _(client):
    return client.ask("autoscale", max=4, min=2)


@control("pool_restart that is not enabled")
def _(client):
    return client.ask("pool_restart")


@control("add_consumer and cancel_consumer")
def _(client):
    queue = f"extra-{client.new_id()}"
    added = client.ask("add_consumer", queue=queue)
    queues = client.until("active_queues", lambda answer: len(answer) == 3)
    result = whoami.apply_async(queue=queue)
    value = client.value(result)
    again = client.ask("add_consumer", queue=queue)
    cancelled = client.ask("cancel_consumer", queue=queue)
    left = client.until("active_queues", lambda answer: len(answer) == 2)
    waits = add.apply_async((1, 2), queue=queue)
    time.sleep(1.2)
    waiting = client.broker.llen(queue)
    client.broker.delete(queue)
    answer = [added, [one for one in queues if "extra" in one["name"]], value, again, cancelled, sorted(one["name"] for one in left), waiting]
    del waits
    return Masks({queue: "<queue>", queue.removeprefix("extra-"): "<queue id>"})(answer)


@control("add_consumer with exchange and routing key")
def _(client):
    queue = f"routed-{client.new_id()}"
    added = client.ask("add_consumer", queue=queue, exchange=f"x-{queue}", exchange_type="direct", routing_key="rk")
    queues = client.until("active_queues", lambda answer: len(answer) == 3)
    bindings = sorted(client.broker.smembers(f"_kombu.binding.x-{queue}"))
    cancelled = client.ask("cancel_consumer", queue=queue)
    answer = [added, [one for one in queues if "routed" in one["name"]], bindings, cancelled]
    return Masks()(answer)


@control("cancel_consumer of an unknown queue")
def _(client):
    return client.ask("cancel_consumer", queue="nowhere")


@control("order of priorities")
def _(client):
    queue = f"prio-{client.new_id()}"
    results = [trace.apply_async((f"priority {one}",), queue=queue, priority=one) for one in (9, 4, 6, 0, 3, 1)]
    client.ask("add_consumer", queue=queue)
    for result in results:
        result.get(timeout=10)
    client.listener.wait_for(lambda: all("task-received" in kinds(client, one.id) for one in results), 5)
    client.ask("cancel_consumer", queue=queue)
    received = [one for result in results for one in client.listener.by_task[result.id] if one["type"] == "task-received"]
    return [one["args"] for one in sorted(received, key=lambda one: one["timestamp"])]


@control("prefetch")
def _(client):
    with Held(client, 14):
        client.until("reserved", lambda answer: len(answer) >= 8, 3)
        time.sleep(0.5)
        return [len(client.ask_plainly("active")), len(client.ask_plainly("reserved")), client.broker.llen("celery"), client.broker.hlen("unacked")]


@control("tasks that wait for their time do not fill the prefetch")
def _(client):
    later = [add.apply_async((number, 1), countdown=60) for number in range(12)]
    for result in later:
        client.heard(result.id, "task-received")
    value = client.value(trace.delay("passes"))
    app.control.revoke([result.id for result in later])
    return [len(client.ask_plainly("scheduled")) >= 12, value]


@control("bindings")
def _(client):
    answer = {}
    for key in sorted(client.broker.scan_iter("_kombu.binding*", count=1000)):
        if client.broker.type(key) == "set" and not any(word in key for word in ("extra", "routed", "prio", "reply.")):
            answer[key] = sorted(Masks().text(one) for one in client.broker.smembers(key) if not any(word in one for word in ("extra-", "prio-")))
    return answer


@control("replies to a list without exchange")
def _(client):
    import base64
    import json

    name = f"replies-{client.new_id()}"
    body = {"method": "ping", "arguments": {}, "destination": [client.node], "pattern": None, "matcher": None, "ticket": "t-1"}
    body["reply_to"] = {"exchange": "", "routing_key": name}
    envelope = {
        "body": base64.b64encode(json.dumps(body).encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"clock": 1, "expires": time.time() + 5},
        "properties": {
            "delivery_mode": 2,
            "delivery_info": {"exchange": "celery.pidbox", "routing_key": ""},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": client.new_id(),
        },
    }
    client.broker.publish(f"/{client.world.database}.celery.pidbox", json.dumps(envelope))
    taken = client.broker.brpop(name, timeout=5)
    if taken is None:
        return None
    message = json.loads(taken[1])
    message["body"] = json.loads(base64.b64decode(message["body"]))
    return Masks({name: "<list>"})(message)


@control("a broken request disturbs nothing")
def _(client):
    client.broker.publish(f"/{client.world.database}.celery.pidbox", "{nonsense")
    client.broker.publish(f"/{client.world.database}.celery.pidbox", '{"body": "!!", "headers": {}, "properties": {}}')
    time.sleep(0.5)
    return client.until("ping", lambda answer: isinstance(answer, dict))
