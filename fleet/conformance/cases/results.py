"""What a client can ask of results."""

import json
import time

from celery import chord, group
from celery.result import GroupResult

from app import add, app, custom_state, echo, fail, hold, progress, say, spawn, total, trace, tracked
from case import case
from normal import Masks, plain


@case("results: a value")
def _(client):
    result = add.delay(1, 2)
    before = client.value(result)
    return [before, result.state, result.ready(), result.successful(), result.failed(), result.traceback, plain(result.info)]


@case("results: of a task that nobody knows")
def _(client):
    result = app.AsyncResult(client.new_id())
    return [result.state, result.info, result.ready(), result.children]


@case("results: date_done")
def _(client):
    result = add.delay(1, 2)
    result.get(timeout=30)
    age = time.time() - result.date_done.timestamp()
    return [type(result.date_done).__name__, result.date_done.tzinfo is not None, -5 < age < 20]


@case("results: children")
def _(client):
    result = spawn.delay(2)
    client.run(result)
    return [[child.get(timeout=2) for child in result.children], [child.parent for child in result.children]]


@case("results: a graph of children")
def _(client):
    result = spawn.delay(2)
    client.run(result)
    return [one[1] if isinstance(one[1], str) else type(one[1]).__name__ for one in result.collect()]


@case("results: forget")
def _(client):
    result = add.delay(1, 2)
    result.get(timeout=30)
    result.forget()
    return [client.stored(result.id), app.AsyncResult(result.id).state]


@case("results: kept for a day")
def _(client):
    result = add.delay(1, 2)
    client.run(result)
    return client.stored(result.id)


@case("results: progress")
def _(client):
    result = progress.delay(3)
    return client.run(result)


@case("results: a state of its own")
def _(client):
    return client.run(custom_state.delay("WAITING", {"for": ["you"], "since": 1.5}))


@case("results: a state of its own without details")
def _(client):
    return client.run(custom_state.delay("WAITING", None))


@case("results: started")
def _(client):
    result = tracked.delay(1)
    client.run(result)
    started = json.loads(client.listener.metas[result.id][0])
    return Masks()(started)


@case("results: while it runs")
def _(client):
    gate = client.gate()
    result = hold.delay(gate, 5)
    client.held(gate)
    seen = [result.state, result.ready(), plain(result.info)]
    client.open(gate)
    return [seen, client.value(result)]


@case("results: of a failure")
def _(client):
    result = fail.delay("ValueError", "boom", 3)
    client.run(result)
    return [result.state, plain(result.info), plain(result.result), Masks()(result.traceback, "traceback"), client.value(result)]


@case("results: a group saved and restored")
def _(client):
    result = group(add.s(1, 1), add.s(2, 2)).apply_async()
    result.save()
    restored = GroupResult.restore(result.id, app=app)
    answer = [restored.get(timeout=30), restored.completed_count(), restored.successful(), len(restored.children)]
    restored.delete()
    return [answer, GroupResult.restore(result.id, app=app)]


@case("results: a group with a failure")
def _(client):
    result = group(add.s(1, 1), fail.s("ValueError", "one")).apply_async()
    client.run(result, get=False)
    return [plain(result.get(propagate=False, timeout=5)), result.failed(), result.successful(), result.completed_count(), client.value(result)]


@case("results: a group as they come")
def _(client):
    result = group(add.s(number, 0) for number in range(5)).apply_async()
    return sorted(value["result"] for _, value in result.iter_native(timeout=30))


@case("results: a group joined")
def _(client):
    result = group(echo.s(number) for number in range(5)).apply_async()
    return [result.join(timeout=30), result.join_native(timeout=30)]


@case("results: parent of a chain")
def _(client):
    result = (trace.s("a") | trace.s("b") | trace.s("c")).apply_async()
    client.run(result)
    return [result.get(timeout=2), result.parent.get(timeout=2), result.parent.parent.get(timeout=2), result.parent.parent.parent]


@case("results: as_tuple and back")
def _(client):
    from celery.result import result_from_tuple

    result = (trace.s("a") | group(trace.s("b"), trace.s("c"))).apply_async()
    return result_from_tuple(result.as_tuple(), app=app).get(timeout=30)


@case("results: a callback for each")
def _(client):
    seen = []
    result = group(add.s(number, 0) for number in range(3)).apply_async()
    result.get(timeout=30, callback=lambda task_id, value: seen.append(value))
    return sorted(seen)


@case("results: keys that a chord leaves")
def _(client):
    result = chord([add.s(1, 1), add.s(2, 2)], total.s()).apply_async()
    client.run(result)
    return keys_of_group(client, result.parent.id)


@case("results: keys that a failed chord leaves")
def _(client):
    result = chord([add.s(1, 1), fail.s("ValueError", "part")], total.s()).apply_async()
    client.run(result)
    return keys_of_group(client, result.parent.id)


@case("results: keys of an open chord")
def _(client):
    gate = client.gate()
    result = chord([echo.s(1), hold.s(gate, 2)], total.s()).apply_async()
    client.held(gate)
    client.heard(result.parent.results[0].id, "task-succeeded")
    seen = keys_of_group(client, result.parent.id, wait=0)
    client.open(gate)
    return [seen, client.value(result)]


def keys_of_group(client, group_id, wait=0.3):
    time.sleep(wait)
    found = {}
    for key in sorted(client.results.scan_iter(f"celery-taskset-meta-{group_id}*", count=1000)):
        kind = client.results.type(key).decode()
        value = {
            "string": lambda: "<token>" if key.endswith(b".c") and len(client.results.get(key)) > 6 else client.results.get(key).decode(),
            "zset": lambda: [[Masks()(json.loads(one)), score] for one, score in client.results.zrange(key, 0, -1, withscores=True)],
            "set": lambda: sorted(Masks().text(one.decode()) for one in client.results.smembers(key)),
            "list": lambda: [Masks().text(one.decode()) for one in client.results.lrange(key, 0, -1)],
        }[kind]()
        seconds = client.results.ttl(key)
        found[key.decode().replace(f"celery-taskset-meta-{group_id}", "<group>")] = [kind, value, -(-seconds // 100) * 100]
    return found


# Events of their own


@case("events: of the application")
def _(client):
    return client.run(say.delay("task-said", what="hello", number=7))


@case("events: of the application, of another group")
def _(client):
    result = say.delay("deploy-started", where="here")
    return client.run(result)
