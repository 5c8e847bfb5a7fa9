"""Records what Celery puts on Redis for canvases: worker/canvas/fixtures/canvases.jsonl.gz, one case a line.

Run with the Python whose Celery is to be recorded, and an empty private Redis: python record_canvases.py redis://127.0.0.1:6390
Canvases are told in JSON: see told.py.
"""

import gzip
import json
import os
import re
import sys

url = sys.argv[1]
os.environ.update(SUMS_BROKER=f"{url}/0", SUMS_RESULTS=f"{url}/1", SUMS_QUEUE="celery")

import base64  # noqa: E402
import pathlib  # noqa: E402

import redis  # noqa: E402

from told import built, options  # noqa: E402

broker, results = redis.Redis.from_url(f"{url}/0"), redis.Redis.from_url(f"{url}/1")
OUT = pathlib.Path(__file__).parent.parent / "worker/canvas/fixtures/canvases.jsonl.gz"

def sent():
    """The messages of each list, oldest first, then what was written for the results."""
    for key in sorted(broker.keys()):
        if key.startswith(b"_kombu"):
            continue
        for text in reversed(broker.lrange(key, 0, -1)):
            message = json.loads(text)
            body = base64.b64decode(message.pop("body")).decode()
            yield [key.decode(), json.dumps(message), body]
    for key in sorted(results.keys()):
        yield [key.decode(), results.get(key).decode()]


UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+(?:\+00:00|Z)")
ORIGIN = re.compile(r'"origin": "[^"]*"')
MARKS = re.compile(r'"stamps": (\{[^{}]*\})')
STAMPS = re.compile(r'"stamped_headers": (\[[^]]*\])')


def plain(case):
    """Without what chance and the clock decide: ids are numbered as they appear, stamps sorted."""
    ids = {}
    text = json.dumps(case, ensure_ascii=False)
    names = "|".join((UUID.pattern, TIME.pattern))
    number = lambda found: "<time>" if "T" in found[0] else ids.setdefault(found[0], f"id{len(ids) + 1}")
    case = json.loads(re.sub(names, number, text))
    for parts in case["sent"]:
        for at, part in enumerate(parts):
            part = ORIGIN.sub('"origin": ""', part)
            part = MARKS.sub(lambda found: f'"stamps": {json.dumps(json.loads(found[1]), sort_keys=True)}', part)
            parts[at] = STAMPS.sub(lambda found: f'"stamped_headers": {json.dumps(sorted(json.loads(found[1])))}', part)
    return case


def numbered(shape, names=None):
    names = iter(f"t{n}" for n in range(1, 99)) if names is None else names
    if shape is None:
        return next(names)
    kind, *parts = shape
    parts = [numbered(part, names) for part in parts]
    return {"chord": parts[:-1], "body": parts[-1]} if kind == "chord" else {kind: parts}


T = None


def around(shape):
    yield ("chain", shape, T)
    yield ("chain", T, shape)
    yield ("chain", T, shape, T)
    yield ("group", shape, T)
    yield ("group", T, shape)
    yield ("chord", shape, T, T)
    yield ("chord", T, shape, T)
    yield ("chord", T, T, shape)


def pairs(shapes):
    for one in shapes:
        for other in shapes:
            yield ("chain", one, other)
            yield ("group", one, other)
            yield ("chord", one, T, other)


FLAT = [("chain", T, T), ("group", T, T), ("chord", T, T, T)]
TWO_DEEP = [deeper for shape in FLAT for deeper in around(shape)] + list(pairs(FLAT))
THREE_DEEP = [deeper for shape in TWO_DEEP for deeper in around(shape)]

CALL = {
    "task": "t1",
    "chain": {"chain": ["t1", "t2", "t3"]},
    "group": {"group": ["t1", "t2"]},
    "chord": {"chord": ["t1", "t2"], "body": "t3"},
}
NESTED = {
    **{f"{name} in a chain": {"chain": [canvas, "u1"]} for name, canvas in CALL.items()},
    **{f"{name} ends a chain": {"chain": ["u1", canvas]} for name, canvas in CALL.items()},
    **{f"{name} in a group": {"group": [canvas, "u1"]} for name, canvas in CALL.items()},
    **{f"{name} in a header": {"chord": [canvas, "u1"], "body": "u2"} for name, canvas in CALL.items()},
    **{f"{name} as a body": {"chord": ["u1", "u2"], "body": canvas} for name, canvas in CALL.items()},
}


def then(told, *acts):
    told = {"task": "echo", "args": [told]} if isinstance(told, str) else dict(told)
    return {**told, "then": [*told.get("then", []), *acts]}


def wrapped(act):
    """The act done to each kind, and to each kind inside of each other."""
    for canvas in CALL.values():
        mine = then(canvas, act)
        yield mine
        yield {"chain": [mine, "u1"]}
        yield {"chain": ["u1", mine]}
        yield {"group": [mine, "u1"]}
        yield {"chord": [mine, "u1"], "body": "u2"}
        yield {"chord": ["u1", "u2"], "body": mine}
    for canvas in NESTED.values():
        yield then(canvas, act)


def cases():
    for shape in [T, *FLAT, *TWO_DEEP, *THREE_DEEP]:
        yield numbered(shape), {}
    for act in (
        {"set": {"immutable": True}},
        {"set": {"queue": "other", "priority": 5}},
        {"set": {"countdown": 30}},
        {"set": {"task_id": "chosen"}},
        {"link": "l1"},
        {"link_error": "e1"},
        {"stamp": {"monitor": "m1"}},
    ):
        for told in wrapped(act):
            yield told, {}
    for given in (
        {"queue": "other", "priority": 3},
        {"countdown": 30},
        {"eta": True},
        {"expires": 60},
        {"task_id": "chosen"},
        {"time_limit": 9, "soft_time_limit": 8, "ignore_result": True, "shadow": "shown"},
        {"headers": {"tenant": "a"}},
    ):
        for canvas in [*CALL.values(), *NESTED.values()]:
            yield canvas, given
    for given in ({"link": "l1"}, {"link_error": "e1"}):
        for kind in ("task", "chain", "chord"):
            yield CALL[kind], given
    yield from odd()


def odd():
    empty = {"group": []}
    for told in (
        {"chain": ["t1", {"group": ["t2"]}, "t3"]},
        {"chain": [{"group": ["t1"]}, "t2"]},
        {"chain": ["t1", {"group": ["t2"]}]},
        {"chain": [{"group": ["t1"]}]},
        {"chain": ["t1"]},
        {"chain": ["t1", empty, "t2"]},
        {"chain": [empty, "t1"]},
        {"chain": ["t1", empty]},
        {"chord": [], "body": "t1"},
        {"chord": ["t1"], "body": "t2"},
        {"group": ["t1"]},
        {"group": [{"chain": ["t1", {"group": ["t2", "t3"]}]}]},
        {"chain": ["t1", {"group": ["t2", "t3"]}, {"group": ["t4", "t5"]}, "t6"]},
        {"chain": ["t1", {"group": ["t2", "t3"]}, "t4", {"group": ["t5", "t6"]}, "t7"]},
        {"chain": [{"chord": ["t1", "t2"], "body": "t3"}, {"chord": ["t4", "t5"], "body": "t6"}]},
        {"task": "add", "args": [2], "kwargs": {"y": 3}},
        {"map": "total", "items": [[1, 2], [3]]},
        {"starmap": "add", "items": [[1, 2], [3, 4]]},
        {"chunks": "add", "items": [[1, 2], [3, 4], [5, 6]], "size": 2},
        {"chain": ["t1", {"starmap": "add", "items": [[1, 2]]}, "t2"]},
        {"chain": [{"starmap": "add", "items": [[1, 2]]}, "t2"]},
        {"group": ["t1", {"map": "total", "items": [[1]]}]},
        {"chord": [{"starmap": "add", "items": [[1, 2]]}, "t1"], "body": "t2"},
        {"chain": ["t1", {"chunks": "add", "items": [[1, 2], [3, 4], [5, 6]], "size": 2}]},
        then("t1", {"link": "l1"}, {"link": "l2"}, {"link_error": "e1"}, {"stamp": {"monitor": "m1"}}),
        then("t1", {"stamp": {"monitor": "m1"}}, {"stamp": {"monitor": "m2", "list": ["a", "b"]}}),
        then("t1", {"stamp": {"monitor": "m1"}}, {"link": "l1"}),
        then({"chain": [then("t1", {"stamp": {"inner": 1}}), "t2"]}, {"stamp": {"outer": 2}}),
        then("t1", {"link": {"chain": ["l1", "l2"]}}, {"link": {"group": ["l3", "l4"]}}, {"link_error": {"group": ["e1", "e2"]}}),
        then("t1", {"link": {"chord": ["l1", "l2"], "body": "l3"}}),
        then({"chord": [{"chord": ["t1", "t2"], "body": "t3"}], "body": "t4"}, {"link_error": "e1"}),
        then({"chord": ["t1", "t2"], "body": {"group": ["t3", "t4"]}}, {"link": "l1"}, {"link_error": "e1"}),
        {"chain": [then("t1", {"set": {"queue": "a"}}), then("t2", {"set": {"queue": "b", "countdown": 3}}), then("t3", {"set": {"immutable": True}})]},
        {"chord": [then("t1", {"set": {"queue": "a"}}), then("t2", {"set": {"queue": "b"}})], "body": then("t3", {"set": {"queue": "c"}})},
        {"group": [then("t1", {"set": {"countdown": 3}}), then("t2", {"set": {"eta": True}})]},
        {"chain": ["t1", then("t2", {"set": {"eta": True, "expires": 60}})]},
        {"chord": ["t1", "t2"], "body": then("t3", {"set": {"eta": True}})},
    ):
        yield told, {}
    yield {"chord": ["t1", "t2"], "body": {"group": ["t3", "t4"]}}, {"link_error": "e1"}
    yield {"chord": ["t1", "t2"], "body": {"chain": ["t3", "t4"]}}, {"link": "l1", "link_error": "e1", "queue": "math", "countdown": 5}
    yield {"chain": [{"group": ["t1", "t2"]}, "t3", "t4"]}, {"link": "l1", "link_error": "e1", "queue": "math", "expires": 9}
    yield then({"chain": ["t1", {"group": ["t2", "t3"]}, "t4"]}, {"link_error": "e1"}), {"link_error": "e2", "countdown": 4}


lines = []
for told, given in cases():
    broker.flushall()
    case = {"canvas": told, "options": given}
    result = built(told).apply_async(**options(given))
    case["result"] = result and json.loads(json.dumps(result.as_tuple()))
    case["sent"] = list(sent())
    case = plain(case)
    lines.append(json.dumps(case, ensure_ascii=False))

with gzip.GzipFile(OUT, "wb", mtime=0) as file:
    file.write("\n".join(lines).encode())
print(len(lines), "cases,", sum(map(len, lines)), "characters")
