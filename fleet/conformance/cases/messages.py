"""The messages that a worker sends, byte for byte as far as they can be: they go to a queue that nobody consumes."""

import json

from celery import chain, chord, group
from kombu.utils.json import dumps

from app import add, app, fail, on_error, replace_by, retry_until, spawn_one, trace
from case import case


def parked(name, count=1):
    """A case that sends work whose follow-up goes to a queue of its own, and shows the messages found there."""

    def add_case(send):
        @case(f"messages: {name}")
        def _(client):
            queue = f"parked-{client.new_id()}"
            send(queue)
            found = [client.message(queue) for _ in range(count)]
            return sorted(found, key=lambda one: json.dumps(one, sort_keys=True))

        return send

    return add_case


def in_json(canvas):
    return json.loads(dumps(canvas))


@parked("a link")
def _(queue):
    add.apply_async((1, 2), link=trace.s("linked").set(queue=queue))


@parked("two links", count=2)
def _(queue):
    add.apply_async((1, 2), link=[trace.s("one").set(queue=queue), trace.si("two").set(queue=queue)])


@parked("the next step of a chain")
def _(queue):
    chain(trace.s("a"), trace.s("b").set(queue=queue), trace.s("c")).apply_async()


@parked("a step with every option")
def _(queue):
    step = trace.s("b").set(
        queue=queue, priority=4, time_limit=40, soft_time_limit=30, shadow="shown", headers={"custom": 1}, ignore_result=True
    )
    chain(trace.s("a"), step).apply_async()


@parked("a step that is compressed")
def _(queue):
    chain(trace.s("a"), trace.s("b").set(queue=queue, shadow="plain")).apply_async(compression=None)


@parked("a group after a step", count=2)
def _(queue):
    chain(trace.s("a"), group(trace.s("b").set(queue=queue), trace.s("c").set(queue=queue))).apply_async()


@parked("a chord after a step", count=2)
def _(queue):
    chain(trace.s("a"), group(trace.s("b").set(queue=queue), trace.s("c").set(queue=queue)), trace.s("d")).apply_async()


@parked("the body of a chord")
def _(queue):
    chord([trace.s("a"), trace.s("b")], trace.s("body").set(queue=queue)).apply_async()


@parked("a chain as body of a chord")
def _(queue):
    chord([trace.s("a"), trace.s("b")], chain(trace.s("c").set(queue=queue), trace.s("d"))).apply_async()


@parked("an errback")
def _(queue):
    fail.apply_async(("ValueError", "told"), link_error=on_error.s().set(queue=queue))


@parked("an errback of the body of a chord")
def _(queue):
    chord([trace.s("a"), fail.s("ValueError", "part")], trace.s("body").on_error(on_error.s().set(queue=queue))).apply_async()


@parked("a child")
def _(queue):
    spawn_one.delay(in_json(add.s(1, y=2).set(queue=queue)))


@parked("a child with special values")
def _(queue):
    import datetime

    spawn_one.delay(in_json(trace.s("it's", {"a": None, "b": True}, 1.5, "é").set(queue=queue, expires=datetime.datetime(2099, 1, 1))))


@parked("a child with countdown")
def _(queue):
    spawn_one.delay(in_json(trace.s("a").set(queue=queue, countdown=60)))


@parked("a child of a stamped task")
def _(queue):
    parent = spawn_one.s(in_json(trace.s("a").set(queue=queue)))
    parent.stamp(tenant="acme")
    parent.apply_async()


@parked("a chord that a task sends", count=2)
def _(queue):
    members = [trace.s("a").set(queue=queue), trace.s("b").set(queue=queue)]
    spawn_one.delay(in_json(chord(members, trace.s("body"))))


@parked("a replacement")
def _(queue):
    replace_by.delay(in_json(trace.s("new").set(queue=queue)))


@parked("a replacement in a chain")
def _(queue):
    chain(replace_by.si(in_json(trace.s("new").set(queue=queue))), trace.s("after")).apply_async()


@parked("a replacement in a chord")
def _(queue):
    chord([replace_by.si(in_json(trace.s("new").set(queue=queue))), trace.s("b")], trace.s("body")).apply_async()


@parked("a stamped chain")
def _(queue):
    canvas = chain(trace.s("a"), trace.s("b").set(queue=queue), trace.s("c"))
    canvas.stamp(tenant=["acme"])
    canvas.apply_async()


@parked("a map after a step")
def _(queue):
    chain(trace.s("a"), trace.map([["x"], ["y"]]).set(queue=queue)).apply_async()


@case("messages: a retry")
def _(client):
    task_id = client.new_id()
    task = retry_until.s(1, 600)
    task.stamp(tenant="acme")
    task.apply_async(
        task_id=task_id, headers={"custom": "kept"}, priority=3, expires=3000, link=trace.s("linked"), link_error=on_error.s()
    )
    heard = client.heard(task_id, "task-retried")
    found = None
    for text in client.broker.hvals("unacked"):
        message = json.loads(text)[0]
        if message["headers"].get("id") == task_id and message["headers"].get("retries") == 1:
            client.broker.lpush(f"copy-{task_id}", json.dumps(message))
            found = client.message(f"copy-{task_id}", 1)
    app.control.revoke(task_id)
    return {"heard": heard, "message": found}
