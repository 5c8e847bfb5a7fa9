"""Ways to call a task, and what each option does."""

import datetime
import time

from celery.result import AsyncResult

from app import add, app, echo, fail, forgotten, hold, keyword, late, nap, on_error, tracked, trace, whoami
from case import case


@case("calling: delay")
def _(client):
    return client.run(add.delay(2, 3))


@case("calling: apply_async with keyword arguments")
def _(client):
    return client.run(keyword.apply_async((1,), {"third": 4}))


@case("calling: keyword arguments alone")
def _(client):
    return client.run(keyword.delay(first="a", second="b", third="c"))


@case("calling: send_task by name")
def _(client):
    return client.run(app.send_task("app.add", (4, 5)))


@case("calling: send_task with keyword arguments")
def _(client):
    return client.run(app.send_task("app.keyword", kwargs={"first": 1}))


@case("calling: what a task knows of itself")
def _(client):
    return client.run(whoami.delay(1))


@case("calling: queue")
def _(client):
    return client.run(whoami.apply_async(queue="other"))


@case("calling: exchange and routing key")
def _(client):
    return client.run(whoami.apply_async(exchange="other", routing_key="other"))


@case("calling: countdown")
def _(client):
    begun = time.monotonic()
    picture = client.run(add.apply_async((1, 1), countdown=1))
    return {**picture, "waited": 0.9 < time.monotonic() - begun < 8}


@case("calling: eta")
def _(client):
    eta = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
    return client.run(whoami.apply_async(eta=eta))


@case("calling: eta without zone")
def _(client):
    return client.run(add.apply_async((1, 2), eta=datetime.datetime.utcnow() + datetime.timedelta(seconds=1)))


@case("calling: eta in another zone")
def _(client):
    zone = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
    return client.run(add.apply_async((1, 2), eta=datetime.datetime.now(zone) + datetime.timedelta(seconds=1)))


@case("calling: eta that is past")
def _(client):
    eta = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=10)
    return client.run(add.apply_async((1, 2), eta=eta))


@case("calling: expires later")
def _(client):
    return client.run(whoami.apply_async(expires=60))


@case("calling: expired before it is taken")
def _(client):
    expires = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=5)
    return client.run(add.apply_async((1, 2), expires=expires))


@case("calling: expires while its time has not come")
def _(client):
    return client.run(add.apply_async((1, 2), countdown=1.5, expires=0.5))


@case("calling: priority")
def _(client):
    return client.run(whoami.apply_async(priority=6))


@case("calling: priority out of range")
def _(client):
    return client.run(whoami.apply_async(priority=12))


@case("calling: task id")
def _(client):
    task_id = f"my own id {client.new_id()}"
    return client.run(whoami.apply_async(task_id=task_id))


@case("calling: link")
def _(client):
    return client.run(add.apply_async((2, 2), link=trace.s("linked")), at_least=2)


@case("calling: several links")
def _(client):
    return client.run(add.apply_async((2, 2), link=[trace.s("one"), trace.s("two"), trace.si("three")]), at_least=4)


@case("calling: link that fails")
def _(client):
    return client.run(add.apply_async((2, 2), link=fail.si("ValueError", "linked")), at_least=2)


@case("calling: link of an unknown task")
def _(client):
    return client.run(add.apply_async((2, 2), link=app.signature("app.nowhere")), at_least=2)


@case("calling: link_error that is not needed")
def _(client):
    return client.run(add.apply_async((2, 2), link_error=on_error.s()))


@case("calling: headers")
def _(client):
    return client.run(whoami.apply_async(headers={"tenant": "acme", "nested": {"a": [1, 2]}}))


@case("calling: ignore_result of the task")
def _(client):
    result = forgotten.delay(1)
    picture = client.run(result, get=False)
    return {**picture, "kept": client.stored(result.id)}


@case("calling: ignore_result of the call")
def _(client):
    result = add.apply_async((1, 2), ignore_result=True)
    picture = client.run(result, get=False)
    return {**picture, "kept": client.stored(result.id)}


@case("calling: ignore_result switched off by the call")
def _(client):
    return client.run(forgotten.apply_async((1,), ignore_result=False))


@case("calling: ignore_result of a failure")
def _(client):
    result = fail.apply_async(("ValueError", "nobody asks"), ignore_result=True)
    picture = client.run(result, get=False)
    return {**picture, "kept": client.stored(result.id)}


@case("calling: time limits")
def _(client):
    return client.run(whoami.apply_async(time_limit=30, soft_time_limit=20))


@case("calling: shadow")
def _(client):
    return client.run(whoami.apply_async(shadow="another name"))


@case("calling: argsrepr")
def _(client):
    return client.run(add.apply_async((1, 2), argsrepr="(hidden)", kwargsrepr="{hidden}"))


@case("calling: tracked")
def _(client):
    return client.run(tracked.delay(1))


@case("calling: acks late")
def _(client):
    return client.run(late.delay(1))


@case("calling: too few arguments")
def _(client):
    return client.run(app.send_task("app.add", (1,)))


@case("calling: too many arguments")
def _(client):
    return client.run(app.send_task("app.add", (1, 2, 3)))


@case("calling: unknown keyword argument")
def _(client):
    return client.run(app.send_task("app.keyword", (1,), {"fourth": 4}))


@case("calling: unknown task")
def _(client):
    return client.run(app.send_task("app.nowhere", (1, 2)))


@case("calling: the same id twice")
def _(client):
    first = add.delay(1, 2)
    client.run(first)
    again = add.apply_async((30, 40), task_id=first.id)
    return {"heard": client.listener.wait_for(lambda: succeeded(client, first.id) == 2, 8), **client.run(again)}


def succeeded(client, task_id):
    return sum(one["type"] == "task-succeeded" for one in client.listener.by_task[task_id])


for compression in ("zlib", "gzip", "bzip2", "lzma", "brotli"):

    @case(f"calling: compression {compression}")
    def _(client, compression=compression):
        return client.run(echo.apply_async(("words " * 200,), compression=compression))


for serializer in ("json", "msgpack", "yaml"):

    @case(f"calling: serializer {serializer}")
    def _(client, serializer=serializer):
        return client.run(echo.apply_async(({"a": [1, 2.5, None, True, "é"]},), serializer=serializer))

    if serializer == "yaml":
        continue  # Celery's own canvases cannot be written in it

    @case(f"calling: serializer {serializer} in a chain")
    def _(client, serializer=serializer):
        chain = trace.s("a").set(serializer=serializer) | trace.s("b").set(serializer=serializer)
        return client.run(chain.apply_async())


@case("calling: serializer msgpack with bytes")
def _(client):
    return client.run(echo.apply_async((b"bytes",), serializer="msgpack"))


@case("calling: serializer pickle is refused")
def _(client):
    result = add.apply_async((1, 2), serializer="pickle")
    follower = add.delay(3, 4)
    return {"follower": client.run(follower), "kept": client.stored(result.id), "events": events_of(client, result.id)}


@case("calling: protocol 1")
def _(client):
    message = app.amqp.as_task_v1(client.new_id(), "app.whoami", args=(1,), kwargs={})
    return client.run(sent(message))


@case("calling: protocol 1 with link and keyword arguments")
def _(client):
    message = app.amqp.as_task_v1(client.new_id(), "app.keyword", args=(), kwargs={"first": 1}, callbacks=[trace.s("linked")])
    return client.run(sent(message), at_least=2)


@case("calling: protocol 1 with countdown")
def _(client):
    message = app.amqp.as_task_v1(client.new_id(), "app.add", args=(1, 2), kwargs={}, countdown=1)
    return client.run(sent(message))


@case("calling: protocol 1 that fails")
def _(client):
    message = app.amqp.as_task_v1(client.new_id(), "app.fail", args=("ValueError", "old"), kwargs={}, errbacks=[on_error.s()])
    return client.run(sent(message), at_least=2)


def sent(message):
    task_id = message.body["id"]
    with app.producer_or_acquire() as producer:
        producer.publish(message.body, serializer="json", exchange="", routing_key="celery", headers=message.headers, **message.properties)
    return AsyncResult(task_id, app=app)


def events_of(client, task_id):
    return [event["type"] for event in client.listener.by_task[task_id]]


@case("calling: a hundred at once")
def _(client):
    results = [add.delay(number, 1) for number in range(100)]
    return [result.get(timeout=20) for result in results]


@case("calling: as many running as there are slots")
def _(client):
    results = [nap.delay(0.05, number) for number in range(16)]
    return [result.get(timeout=20) for result in results]


@case("calling: two that run at the same time")
def _(client):
    gate = client.gate()
    results = [hold.delay(gate, number) for number in range(2)]
    both = client.held(gate, 2)
    client.open(gate, 2)
    return [both, *(result.get(timeout=10) for result in results)]
