"""Chains, groups and chords, each in each to a depth of four, and everything that hangs on them."""

import itertools
import json
import re

from celery import chain, chord, group

from kombu.utils.json import dumps

from app import add, add_part_outside, add_parts, app, echo, fail, forgotten, ignore, keyword, on_error, replace_by, spawn, spawn_group, spawn_one, total, trace, whoami
from case import case

# Every nesting


def nested(kinds, name=""):
    """A canvas whose innermost part is a task: (`chain`, `chord`) is a chain with a chord in it."""
    if not kinds:
        return trace.s(f"{name}x")
    kind, *rest = kinds
    inner = nested(rest, f"{name}{kind[:2]}-")
    if kind == "chain":
        return chain(trace.s(f"{name}a"), inner, trace.s(f"{name}z"))
    if kind == "group":
        return group(inner, trace.s(f"{name}g"))
    return chord([trace.s(f"{name}h"), inner], trace.s(f"{name}body"))


for depth in (1, 2, 3, 4):
    for kinds in itertools.product(("chain", "group", "chord"), repeat=depth):

        @case(f"canvas: nested {' in '.join(reversed(kinds))}")
        def _(client, kinds=kinds):
            return client.run(nested(kinds).apply_async(), wait=30)


# Shapes


def shape(name, at_least=0, wait=12, **options):
    """A case that is only a canvas; the decorated function makes it."""

    def add_case(make):
        @case(f"canvas: {name}")
        def _(client):
            try:
                result = make().apply_async(**options)
            except TypeError as refused:  # what a client of this version does not send
                return str(refused)
            return client.run(result, at_least=at_least, wait=wait)

        return make

    return add_case


@shape("chain of five")
def _():
    return chain(*(trace.s(name) for name in "abcde"))


@shape("chain with immutable steps")
def _():
    return chain(trace.s("a"), trace.si("b"), trace.s("c"))


@shape("chain of one")
def _():
    return chain(trace.s("a"))


@shape("chain with a group at the end")
def _():
    return chain(trace.s("a"), group(trace.s("b"), trace.s("c"), trace.s("d")))


@shape("chain that begins with a group")
def _():
    return chain(group(trace.s("a"), trace.s("b")), trace.s("c"), trace.s("d"))


@shape("chain with two groups in a row")
def _():
    return chain(trace.s("a"), group(trace.s("b"), trace.s("c")), group(trace.s("d"), trace.s("e")))


@shape("chain with a group of one")
def _():
    return chain(trace.s("a"), group([trace.s("b")]), trace.s("c"))


@shape("chain with an empty group")
def _():
    return chain(trace.si("a"), group([]), trace.si("b"))


@shape("chain with keyword arguments")
def _():
    return chain(echo.s(1), keyword.s(second="b"), trace.s("end"))


@shape("chain with options of its steps", at_least=3)
def _():
    return chain(trace.s("a"), trace.s("b").set(queue="other", priority=3), whoami.s().set(shadow="last"))


@shape("chain with a countdown inside")
def _():
    return chain(trace.s("a"), trace.s("b").set(countdown=0.5), trace.s("c"))


@shape("chain with a link of its own", at_least=3, link=trace.s("linked"))
def _():
    return chain(trace.s("a"), trace.s("b"))


@shape("chain with links of its steps", at_least=4)
def _():
    return chain(trace.s("a").on_error(on_error.s()), add.s("!").set(link=trace.s("linked")), trace.s("c"))


@shape("chain whose member fails")
def _():
    return chain(trace.s("a"), fail.si("ValueError", "in the middle"), trace.s("c"), trace.s("d"))


@shape("chain whose member fails before a group", wait=2)
def _():
    return chain(fail.si("ValueError", "first"), group(trace.s("b"), trace.s("c")))


@shape("chain whose member fails before a chord", wait=2)
def _():
    return chain(fail.si("ValueError", "first"), group(trace.s("b"), trace.s("c")), trace.s("d"))


@shape("chain whose member fails, with an errback", at_least=3, link_error=on_error.s())
def _():
    return chain(trace.s("a"), fail.si("ValueError", "told"), trace.s("c"))


@shape("chain whose member ignores its result")
def _():
    return chain(forgotten.s(1), trace.s("after"))


@shape("chain whose last step is not known")
def _():
    return chain(trace.s("a"), app.signature("app.nowhere"))


@shape("chain of chains")
def _():
    return chain(chain(trace.s("a"), trace.s("b")), chain(trace.s("c"), chain(trace.s("d"), trace.s("e"))))


@shape("group of six")
def _():
    return group(trace.s(name) for name in "abcdef")


@shape("group that gets arguments", args=("given",))
def _():
    return group(trace.s("a"), trace.si("b"), trace.s("c"))


@shape("group of groups")
def _():
    return group(group(trace.s("a"), trace.s("b")), group(trace.s("c"), group(trace.s("d"))))


@shape("group with a failing member")
def _():
    return group(trace.s("a"), fail.s("KeyError", "one of them"), trace.s("c"))


@shape("group whose members know where they are")
def _():
    return group(whoami.s(number) for number in range(3))


@shape("chord")
def _():
    return chord([add.s(number, number) for number in range(5)], total.s())


@shape("chord with an immutable body")
def _():
    return chord([trace.s("a"), trace.s("b")], trace.si("body"))


@shape("chord with an empty header")
def _():
    return chord([], trace.s("body"))


@shape("chord with one in its header")
def _():
    return chord([trace.s("a")], trace.s("body"))


@shape("chord whose body knows where it is")
def _():
    return chord([whoami.s()], whoami.s())


@shape("chord whose body is a chain")
def _():
    return chord([trace.s("a"), trace.s("b")], chain(trace.s("c"), trace.s("d")))


@shape("chord whose body is a group")
def _():
    return chord([trace.s("a"), trace.s("b")], group(trace.s("c"), trace.s("d")))


@shape("chord whose body is a chord")
def _():
    return chord([trace.s("a"), trace.s("b")], chord([trace.s("c"), trace.s("d")], trace.s("e")))


@shape("chord whose header has chains")
def _():
    return chord([chain(trace.s("a"), trace.s("b")), chain(trace.s("c"), trace.s("d"))], trace.s("body"))


@shape("chord whose header is a group of groups")
def _():
    return chord(group(group(trace.s("a"), trace.s("b")), trace.s("c")), trace.s("body"))


@shape("chord with a failing member")
def _():
    return chord([trace.s("a"), fail.s("ValueError", "part")], trace.s("body"))


@shape("chord with a failing member and an errback of the body", at_least=4)
def _():
    return chord([trace.s("a"), fail.s("ValueError", "part")], trace.s("body").on_error(on_error.s()))


@shape("chord with a failing member and a chain as body")
def _():
    return chord([trace.s("a"), fail.s("ValueError", "part")], chain(trace.s("c"), trace.s("d")))


@shape("chord whose body fails")
def _():
    return chord([trace.s("a"), trace.s("b")], fail.si("ValueError", "body"))


@shape("chord whose member ignores its result")
def _():
    return chord([trace.s("a"), forgotten.s("b")], trace.s("body"))


@shape("chord with a link", at_least=4, link=trace.s("linked"))
def _():
    return chord([trace.s("a"), trace.s("b")], trace.s("body"))


@shape("chord in another queue", at_least=2, queue="other")
def _():
    return chord([whoami.s()], whoami.si())


@shape("chord later", countdown=0.7)
def _():
    return chord([trace.s("a"), trace.s("b")], trace.s("body"))


@shape("chord of thirty")
def _():
    return chord([echo.s(number) for number in range(30)], echo.s())


@shape("two chords in a chain")
def _():
    return chain(group(trace.s("a"), trace.s("b")), trace.s("c"), group(trace.s("d"), trace.s("e")), trace.s("f"))


@shape("map")
def _():
    return total.map([(1, 2), (3, 4)])


@shape("starmap")
def _():
    return add.starmap([(1, 2), (3, 4)])


@shape("chunks")
def _():
    return add.chunks(zip(range(6), range(6)), 2)


@shape("chunks as a group in a chord")
def _():
    return chord(add.chunks(zip(range(6), range(6)), 2).group(), trace.s("body"))


@shape("map in a chain")
def _():
    return chain(trace.s("a"), total.map([(1, 2)]), trace.s("end"))


@shape("map whose member fails")
def _():
    return fail.map(["ValueError"])


@shape("starmap of an unknown task")
def _():
    return app.signature("celery.starmap", kwargs={"task": app.signature("app.nowhere"), "it": [[1, 2]]})


# Errbacks of groups and chords


@case("canvas: an errback inside the worker")
def _(client):
    result = fail.apply_async(("ValueError", "inside"), link_error=app.signature("app.on_error_inside"))
    return {**client.run(result), "notes": client.notes(f"errback:{result.id}", 1)}


@case("canvas: an errback that is sent")
def _(client):
    return client.run(fail.apply_async(("ValueError", "told"), link_error=on_error.s()), at_least=2)


@case("canvas: two errbacks")
def _(client):
    return client.run(fail.apply_async(("ValueError", "told"), link_error=[on_error.s(), on_error.s().set(queue="other")]), at_least=3)


@case("canvas: an immutable errback")
def _(client):
    return client.run(fail.apply_async(("ValueError", "told"), link_error=trace.si("told")), at_least=1)


@case("canvas: an errback with arguments")
def _(client):
    return client.run(fail.apply_async(("ValueError", "told"), link_error=echo.s()), at_least=2)


@case("canvas: an errback that is not known")
def _(client):
    return client.run(fail.apply_async(("ValueError", "told"), link_error=app.signature("app.nowhere")), at_least=2)


@case("canvas: an errback of an errback")
def _(client):
    errback = fail.si("KeyError", "the errback")
    errback.set(link_error=on_error.s())
    return client.run(fail.apply_async(("ValueError", "first"), link_error=errback), at_least=1)


# Stamps


def stamped(canvas, **stamps):
    canvas.stamp(**stamps)
    return canvas


@case("canvas: a stamped task")
def _(client):
    return client.run(stamped(whoami.s(), tenant="acme").apply_async())


@case("canvas: a stamp with several values")
def _(client):
    return client.run(stamped(whoami.s(), tenant=["acme"], level=3).apply_async())


@case("canvas: a stamped chain")
def _(client):
    return client.run(stamped(chain(whoami.s(), whoami.si(), whoami.si()), tenant="acme").apply_async())


@case("canvas: a stamped group")
def _(client):
    return client.run(stamped(group(whoami.s(), whoami.s(2)), tenant="acme").apply_async())


@case("canvas: a stamped chord")
def _(client):
    return client.run(stamped(chord([whoami.s()], whoami.si()), tenant="acme").apply_async())


@case("canvas: a stamped task with a link")
def _(client):
    task = whoami.s()
    task.link(whoami.si())
    return client.run(stamped(task, tenant="acme").apply_async(), at_least=2)


@case("canvas: stamps are not inherited")
def _(client):
    return client.run(stamped(spawn_one.s(dict(whoami.si())), tenant="acme").apply_async(), at_least=2)


# Tasks that send


@case("canvas: children")
def _(client):
    return client.run(spawn.delay(3), at_least=4)


@case("canvas: a group of children")
def _(client):
    return client.run(spawn_group.delay(3), at_least=4)


@case("canvas: children of children")
def _(client):
    return client.run(spawn_one.delay(dict(spawn_one.si(dict(whoami.si())))), at_least=3)


@case("canvas: a child that is a chain")
def _(client):
    return client.run(spawn_one.delay(in_json(chain(trace.s("a"), trace.s("b")))), at_least=3)


@case("canvas: a child that is a chord")
def _(client):
    return client.run(spawn_one.delay(in_json(chord([trace.s("a"), trace.s("b")], trace.s("body")))), at_least=4)


def in_json(canvas):
    return json.loads(dumps(canvas))


REPLACEMENTS = {
    "a task": lambda: trace.s("new"),
    "an immutable task": lambda: trace.si("new"),
    "a task of another queue": lambda: whoami.si().set(queue="other"),
    "a chain": lambda: chain(trace.s("new-a"), trace.s("new-b")),
    "a group": lambda: group(trace.s("new-a"), trace.s("new-b")),
    "a chord": lambda: chord([trace.s("new-a"), trace.s("new-b")], trace.s("new-body")),
    "a failing task": lambda: fail.si("ValueError", "new"),
    "a replacing task": lambda: replace_by.si(in_json(trace.s("newest"))),
    "one that is not known": lambda: app.signature("app.nowhere"),
}
for name, replacement in REPLACEMENTS.items():

    @case(f"canvas: replaced by {name}")
    def _(client, name=name, replacement=replacement):
        return client.run(replace_by.delay(in_json(replacement())), at_least=1)

    @case(f"canvas: replaced by {name} in a chain")
    def _(client, name=name, replacement=replacement):
        return client.run(chain(replace_by.si(in_json(replacement())), trace.s("after")).apply_async(), at_least=2, wait=4 if "not known" in name else 30)

    @case(f"canvas: replaced by {name} in a chord")
    def _(client, name=name, replacement=replacement):
        return client.run(chord([replace_by.si(in_json(replacement())), trace.s("other")], trace.s("body")).apply_async(), at_least=3, wait=4 if "not known" in name else 30)


@case("canvas: replaced, with a link")
def _(client):
    return client.run(replace_by.apply_async((in_json(trace.s("new")),), link=trace.s("linked")), at_least=2)


@case("canvas: replaced, with an errback")
def _(client):
    return client.run(replace_by.apply_async((in_json(fail.si("ValueError", "new")),), link_error=on_error.s()), at_least=2)


def parts_sorted(picture):
    """Parts of the same place come in the order of their ids, which is chance."""
    inner = re.compile(r"\[([^\[\]{}]*added-[^\[\]{}]*)\]")
    return json.loads(inner.sub(lambda found: f"[{','.join(sorted(re.split(', ?', found[1])))}]", json.dumps(picture)))


@case("canvas: parts added to a chord")
def _(client):
    result = chord([add_parts.s(2, "adds"), trace.s("b")], trace.s("body")).apply_async()
    return parts_sorted(client.run(result, at_least=5))


@case("canvas: parts added by two members")
def _(client):
    result = chord([add_parts.s(1, "first"), add_parts.s(1, "second")], trace.s("body")).apply_async()
    return parts_sorted(client.run(result, at_least=5))


@case("canvas: a part added where no chord is")
def _(client):
    return client.run(add_part_outside.delay())


@case("canvas: a chord with a member that ignores stays open")
def _(client):
    header = [ignore.s(), trace.s("b")]
    ids = [one.set(task_id=client.new_id()).options["task_id"] for one in header]
    result = chord(header, trace.s("body").set(task_id=client.new_id())).apply_async()
    picture = client.run(result, wait=1.5, get=False, silent=ids)
    return {**picture, "state": result.state}
