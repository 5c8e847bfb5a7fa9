"""Errors, retries, rejects and ignores: every way to end but success."""

import json

from celery import chain, chord, group

from app import (
    app,
    auto_retry,
    auto_retry_but,
    auto_retry_slowly,
    fail,
    fail_awkward,
    fail_expected,
    fail_from,
    fail_object,
    fail_own,
    ignore,
    ignore_after_state,
    late_fail,
    on_error,
    reject,
    reject_late,
    retry_elsewhere,
    retry_for_cause,
    retry_most,
    retry_until,
    retry_with_arguments,
    retry_without_cause,
    trace,
    unserializable,
)
from case import case

ERRORS = {
    "without arguments": ("ValueError",),
    "with a message": ("ValueError", "boom"),
    "with several arguments": ("ValueError", "boom", 7, None, [1, {"a": 2}]),
    "with unicode": ("ValueError", "bööm 🙂"),
    "with quotes": ("ValueError", "it's \"quoted\""),
    "with several lines": ("RuntimeError", "one\ntwo\nthree"),
    "with a long message": ("ValueError", "x" * 3_000),
    "KeyError": ("KeyError", "missing"),
    "TypeError": ("TypeError", "of another type"),
    "ZeroDivisionError": ("ZeroDivisionError", "division by zero"),
    "OSError": ("OSError", 2, "No such file"),
    "AssertionError": ("AssertionError",),
    "StopIteration": ("StopIteration", "stop"),
    "NotImplementedError": ("NotImplementedError", "not yet"),
    "TimeoutError": ("TimeoutError", "too late"),
}
for kind, arguments in ERRORS.items():

    @case(f"errors: {kind}")
    def _(client, arguments=arguments):
        result = fail.delay(*arguments)
        return {**client.run(result), "state": result.state, "kept": client.stored(result.id)}


@case("errors: of the application")
def _(client):
    return client.run(fail_own.delay("ours", 1))


@case("errors: that Python cannot pickle")
def _(client):
    return client.run(fail_awkward.delay())


@case("errors: with a cause")
def _(client):
    return client.run(fail_from.delay())


@case("errors: with arguments that JSON cannot hold")
def _(client):
    return client.run(fail_object.delay())


@case("errors: that are expected")
def _(client):
    return client.run(fail_expected.delay())


@case("errors: a result that cannot be serialized")
def _(client):
    return client.run(unserializable.delay())


@case("errors: acknowledged late")
def _(client):
    return client.run(late_fail.delay())


@case("errors: in a worker's own task")
def _(client):
    return client.run(app.send_task("celery.accumulate", (1, 2)))


@case("errors: propagate is off")
def _(client):
    result = fail.delay("ValueError", "quiet")
    client.run(result)
    value = result.get(propagate=False, timeout=2)
    return [type(value).__name__, value.args, result.failed(), result.successful(), result.ready()]


# Retries


@case("retries: at once")
def _(client):
    picture = client.run(retry_until.delay(2, 0))
    for task in picture["tasks"].values():
        del task["metas"]  # RETRY may be written when the next attempt is over
    return picture


@case("retries: later")
def _(client):
    return client.run(retry_until.delay(1, 0.7))


@case("retries: used up, with a cause")
def _(client):
    return client.run(retry_for_cause.delay())


@case("retries: used up, without a cause")
def _(client):
    return client.run(retry_without_cause.delay(x=2))


@case("retries: with other arguments")
def _(client):
    return client.run(retry_with_arguments.delay(1))


@case("retries: in another queue")
def _(client):
    return client.run(retry_elsewhere.delay())


@case("retries: max_retries of the call")
def _(client):
    return client.run(retry_most.delay(2))


@case("retries: none")
def _(client):
    return client.run(retry_most.delay(0))


@case("retries: by themselves")
def _(client):
    return client.run(auto_retry.delay(1))


@case("retries: by themselves, used up")
def _(client):
    return client.run(auto_retry.delay(9))


@case("retries: not for another error")
def _(client):
    return client.run(auto_retry.delay(1, "KeyError"))


@case("retries: not for this error")
def _(client):
    return client.run(auto_retry_but.delay("KeyError"))


@case("retries: for every other error")
def _(client):
    return client.run(auto_retry_but.delay("OSError"))


@case("retries: with back-off")
def _(client):
    return client.run(auto_retry_slowly.delay())


@case("retries: keep what the message had")
def _(client):
    task = retry_until.s(1)
    task.stamp(tenant="acme")
    result = task.apply_async(headers={"custom": "kept"}, priority=3, shadow="shadow", expires=600, time_limit=50)
    return client.run(result)


@case("retries: with link")
def _(client):
    return client.run(retry_until.apply_async((1,), link=trace.s("linked")), at_least=2)


@case("retries: used up, with an errback")
def _(client):
    return client.run(retry_for_cause.apply_async(link_error=on_error.s()), at_least=2)


@case("retries: in a chain")
def _(client):
    return client.run(chain(retry_until.s(1), trace.s("after")).apply_async())


@case("retries: in a chord")
def _(client):
    return client.run(chord([retry_until.s(1), trace.s("b")], trace.s("body")).apply_async())


@case("retries: used up in a chord")
def _(client):
    return client.run(chord([retry_for_cause.s(), trace.s("b")], trace.s("body")).apply_async())


@case("retries: in a group")
def _(client):
    return client.run(group(retry_until.s(1), retry_until.s(0)).apply_async())


@case("retries: an error that names itself in RETRY")
def _(client):
    result = retry_for_cause.delay("KeyError")
    client.run(result)
    states = [json.loads(one)["status"] for one in client.listener.metas[result.id]]
    return {"states": states, "get": client.value(result, 2)}


# Reject and ignore


@case("endings: ignore")
def _(client):
    result = ignore.delay()
    return {**client.run(result, silent=[result.id], get=False), "kept": client.stored(result.id)}


@case("endings: ignore after a state")
def _(client):
    result = ignore_after_state.delay()
    return {**client.run(result, silent=[result.id], get=False), "kept": client.stored(result.id)}


@case("endings: ignore with a link")
def _(client):
    result = ignore.apply_async(link=trace.s("never"))
    return client.run(result, silent=[result.id], get=False)


@case("endings: reject")
def _(client):
    result = reject.delay()
    return {**client.run(result, silent=[result.id], get=False), "kept": client.stored(result.id)}


@case("endings: reject with an errback")
def _(client):
    result = reject.apply_async(link_error=on_error.s())
    return client.run(result, silent=[result.id], get=False)


@case("endings: reject of what is acknowledged late")
def _(client):
    result = reject_late.delay(False)
    return {**client.run(result, silent=[result.id], get=False), "kept": client.stored(result.id)}


@case("endings: reject and deliver again")
def _(client):
    result = reject_late.delay(True)
    return client.run(result)


@case("endings: reject in a chord")
def _(client):
    return client.run(chord([reject_late.s(False), trace.s("b")], trace.s("body")).apply_async(), wait=3)


# Broken messages

BROKEN = {
    "a body that is not JSON": {"body": "{nonsense"},
    "keyword arguments that are a list": {"body": "[[1, 2], [], {}]"},
    "an unknown content type": {"content-type": "application/x-unknown"},
    "an unknown special type": {"body": '[[{"__type__": "nothing", "__value__": 1}, 2], {}, {}]'},
    "an eta that is none": {"headers": {"eta": "tomorrow"}},
    "expires that is none": {"headers": {"expires": "soon"}},
    "an unknown compression": {"headers": {"compression": "application/x-unknown"}},
    "a compression that it has not": {"headers": {"compression": "application/x-gzip"}},
}
for kind, parts in BROKEN.items():

    @case(f"broken: {kind}")
    def _(client, parts=parts):
        task_id = client.message_written("app.trace", ("never", "seen"), **parts)
        follower = client.run(trace.delay("after"))
        return {"events": kinds(client, task_id), "kept": client.stored(task_id), "after": follower["get"], "held": held(client, task_id)}


FINE = {
    "no argsrepr": {},
    "no embed": {"body": '[["a", "b"], {}, null]'},
    "an empty embed": {"body": '[["a", "b"], {}, {}]'},
    "a body as it is": {"properties": {"body_encoding": "base64", "priority": None}},
    "a priority that is none": {"properties": {"priority": "high"}},
    "an eta with Z": {"headers": {"eta": "2024-01-01T00:00:00Z"}},
    "numbers for time limits": {"headers": {"timelimit": [30, 20]}},
    "no time limits": {"headers": {"timelimit": None}},
    "headers of nobody": {"headers": {"x-request": "abc", "lang": "rust"}},
}
for kind, parts in FINE.items():

    @case(f"written by hand: {kind}")
    def _(client, parts=parts):
        return client.run(app.AsyncResult(client.message_written("app.trace", ("a", "b"), **parts)))


def kinds(client, task_id):
    return [event["type"] for event in client.listener.by_task[task_id]]


def held(client, task_id):
    return sum(task_id in one for one in client.broker.hvals("unacked"))
