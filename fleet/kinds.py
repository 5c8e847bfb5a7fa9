"""The kinds of work that the producer sends: every way to end, several ways to be sent.

A kind is a function of a `Sender`. Its weight is its share of the mix; deadly and slow kinds weigh little, because each
costs a pool process or a second of a slot. Canvases get their ids beforehand and write down who follows whom (`plan`).
"""

import datetime
import decimal
import random
import uuid
from dataclasses import dataclass
from typing import Callable

from celery import chain, chord, group

import tasks

# Queues that any worker may consume, and those whose workers must have pool processes (limits, deaths, terminating).
ANYWHERE = ("default", "math", "poolthreads")
PROCESSES = ("default", "math")
GREEK = "αβγδε ζηθικ λμνξο"
BIDI = "\u05d0\u05d1\u05d2 \u202eabc\u202c 🌷\u200d🪴 \u0000 \\ ' \" \n\t"


@dataclass(frozen=True)
class Kind:
    name: str
    weight: int
    send: Callable


KINDS: dict[str, Kind] = {}


def kind(weight):
    def add(function):
        name = function.__name__.replace("_", "-")
        KINDS[name] = Kind(name, weight, function)
        return function

    return add


class Sender:
    """What a kind needs to send: the seeded dice, fresh ids, the plan, and acts that wait for something to happen."""

    def __init__(self, app, ledger, rng: random.Random, acts):
        self.app = app
        self.ledger = ledger
        self.rng = rng
        self.acts = acts
        self.planned = set()

    def task(self, task, *args, queue=None, **options):
        """Sends one task; returns its id."""
        task_id = options.pop("task_id", None) or new_id()
        queue = queue or self.rng.choice(ANYWHERE)
        task.apply_async(args, options.pop("kwargs", None), task_id=task_id, queue=queue, **options)
        return task_id

    def step(self, signature, queue=None, **options):
        """A signature with an id and a queue."""
        return signature.set(task_id=new_id(), queue=queue or self.rng.choice(ANYWHERE), **options)

    def follows(self, signature, when, of, why):
        """`signature` will be sent when all of `of` end as `when` says, because of `why`."""
        self.planned.add(signature.options["task_id"])
        self.ledger.write(
            "plan",
            id=signature.options["task_id"],
            name=signature.task,
            queue=signature.options.get("queue"),
            when=when,
            of=[one.options["task_id"] for one in of],
            why=why,
        )

    def chain(self, *steps):
        for before, after in zip(steps, steps[1:]):
            self.follows(after, "success", [before], "chain")
        return chain(*steps)

    def chord(self, header, body):
        """Members of the header are signatures, or lists of them: chains."""
        last = [one[-1] if isinstance(one, list) else one for one in header]
        self.follows(body, "all", last, "chord")
        return chord([self.chain(*one) if isinstance(one, list) else one for one in header], body)

    def ms(self, most=40):
        return self.rng.randint(0, most)

    def revoked_id(self):
        """An id that every worker was told to drop, before anything is sent under it."""
        task_id = new_id()
        self.acts.revoke_everywhere(task_id)
        return task_id


def new_id():
    return str(uuid.uuid4())


def soon(seconds):
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)


# Success, and what can be sent


@kind(160)
def add(send):
    send.task(tasks.add, send.rng.randint(0, 999), send.rng.randint(0, 999), send.ms())


@kind(60)
def count_words(send):
    send.task(tasks.count_words, " ".join(["tulip"] * send.rng.randint(1, 60)), kwargs={"ms": send.ms()})


@kind(120)
def threads(send):
    send.task(tasks.count_words, "waiting for somebody else", queue="poolthreads", kwargs={"ms": send.ms(100)})


@kind(40)
def slow(send):
    send.task(tasks.add, 1, 2, send.rng.randint(200, 700), queue="slow")


@kind(80)
def priority(send):
    send.task(tasks.add, 1, 2, send.ms(), queue="prio", priority=send.rng.randint(0, 9))


@kind(2)
def priority_out_of_range(send):
    send.task(tasks.add, 1, 2, queue="prio", priority=send.rng.choice([-1, 12]))


@kind(15)
def unicode(send):
    send.task(tasks.echo, GREEK, BIDI, kwargs={"größe": "37½", "emoji 🌷": [BIDI]})


@kind(4)
def large(send):
    send.task(tasks.echo, "x" * 100_000, kwargs={"numbers": list(range(2_000))})


@kind(15)
def types(send):
    send.task(
        tasks.echo,
        float("nan"),
        float("-inf"),
        2**80,
        -(2**63) - 1,
        0.1 + 0.2,
        decimal.Decimal("1.50"),
        datetime.datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=datetime.timezone.utc),
        datetime.datetime(2024, 5, 6, 7, 8, 9),
        datetime.date(2024, 5, 6),
        datetime.time(7, 8, 9),
        uuid.UUID("12345678123456781234567812345678"),
        b"text",
        b"\x00\xff",
        None,
        True,
        kwargs={"deep": [[[[[{"a": ("b", {"c": [1]})}]]]]]},
    )


@kind(15)
def serializers(send):
    send.task(tasks.echo, 1, "two", [3.5], serializer=send.rng.choice(["msgpack", "yaml", "pickle"]))


@kind(15)
def compressions(send):
    send.task(tasks.count_words, "tulip " * 500, compression=send.rng.choice(["gzip", "bzip2", "lzma", "brotli", "zstd"]))


@kind(6)
def shadow(send):
    send.task(tasks.add, 1, 2, shadow=f"shop {send.rng.randint(1, 3)}")


@kind(6)
def custom_headers(send):
    send.task(tasks.add, 1, 2, headers={"tenant": "tulips", "attempt": {"of": [1, 2]}})


@kind(6)
def hidden_arguments(send):
    send.task(tasks.echo, "secret", argsrepr="('***',)", kwargsrepr="{}")


@kind(4)
def stamped(send):
    signature = tasks.add.s(1, 2)
    signature.stamp(shop="tulips", order=send.rng.randint(1, 9))
    signature.apply_async(task_id=new_id(), queue="default")


@kind(4)
def named_exchange(send):
    """Sent to an exchange and routing key, so that Kombu looks the queue up."""
    send.app.send_task("fleet.add", (1, 2), task_id=new_id(), exchange="math", routing_key="math")


@kind(15)
def ignored_result(send):
    send.task(tasks.quiet, send.ms())


@kind(8)
def ignored_result_fails(send):
    send.task(tasks.quiet, send.ms(), True)


@kind(10)
def ignored_result_of_call(send):
    send.task(tasks.add, 1, 2, ignore_result=True)


@kind(4)
def unencodable(send):
    send.task(tasks.unencodable)


# Failure


@kind(60)
def fail(send):
    send.task(tasks.fail, send.rng.choice(["plain", "from", "during", "nested", "unicode", "empty"]), send.ms())


@kind(5)
def fail_unpicklable(send):
    send.task(tasks.fail, "odd")


@kind(10)
def unregistered(send):
    send.app.send_task("fleet.nobody_home", (1,), task_id=new_id(), queue=send.rng.choice(ANYWHERE))


# Retries


@kind(40)
def retry(send):
    send.task(tasks.flaky, send.rng.randint(1, 3), send.rng.choice([0, 0.2, 0.5]), send.ms())


@kind(20)
def retry_exhausted(send):
    send.task(tasks.exhaust, send.rng.random() < 0.7, 0.2)


@kind(15)
def autoretry(send):
    send.task(tasks.backoff, send.rng.randint(1, 2))


@kind(6)
def autoretry_exhausted(send):
    send.task(tasks.backoff, 9)


# Time


@kind(25)
def countdown(send):
    send.task(tasks.add, 1, 2, countdown=send.rng.uniform(0.5, 4))


@kind(15)
def eta(send):
    send.task(tasks.add, 1, 2, eta=soon(send.rng.uniform(0.5, 4)))


@kind(8)
def expired(send):
    send.task(tasks.add, 1, 2, expires=soon(-send.rng.uniform(1, 60)))


@kind(6)
def expired_while_held(send):
    send.task(tasks.add, 1, 2, countdown=3, expires=soon(1.5))


@kind(10)
def expires_later(send):
    send.task(tasks.add, 1, 2, expires=3600)


# Reject and Ignore


@kind(10)
def reject_requeued(send):
    send.task(tasks.reject_late, True)


@kind(10)
def reject_dropped(send):
    send.task(tasks.reject_late, False)


@kind(6)
def reject_acknowledged(send):
    send.task(tasks.reject_early, send.rng.random() < 0.5)


@kind(10)
def ignore(send):
    send.task(tasks.ignore)


@kind(6)
def ignore_after_state(send):
    send.task(tasks.ignore, "PAUSED")


# Limits and deaths


@kind(5)
def soft_limit(send):
    send.task(tasks.soft_limit, 20, send.rng.random() < 0.4, queue=send.rng.choice(PROCESSES))


@kind(2)
def soft_limit_of_call(send):
    send.task(tasks.add, 1, 2, 20_000, queue=send.rng.choice(PROCESSES), soft_time_limit=1)


@kind(5)
def hard_limit(send):
    task = send.rng.choice([tasks.hard_limit, tasks.hard_limit_late])
    send.task(task, queue=send.rng.choice(PROCESSES))


@kind(2)
def hard_limit_of_call(send):
    send.task(tasks.long, 20, queue=send.rng.choice(PROCESSES), time_limit=1)


@kind(4)
def die_early(send):
    send.task(tasks.die_early, send.rng.choice(["exit", "kill"]), queue=send.rng.choice(PROCESSES))


@kind(4)
def die_late(send):
    send.task(tasks.die_late, send.rng.choice(["exit", "kill"]), queue=send.rng.choice(PROCESSES))


@kind(4)
def die_once(send):
    send.task(tasks.die_once, send.rng.choice(["exit", "kill"]), queue=send.rng.choice(PROCESSES))


@kind(4)
def die_retried(send):
    send.task(tasks.die_retried, send.rng.choice(["exit", "kill"]), queue=send.rng.choice(PROCESSES))


# Revoking. Acts happen when the ledger shows what they wait for.


@kind(8)
def revoked_before_sent(send):
    send.task(tasks.add, 1, 2, task_id=send.revoked_id())


@kind(8)
def revoked_while_held(send):
    task_id = send.task(tasks.add, 1, 2, countdown=6)
    send.acts.now(task_id, "revoke")


@kind(5)
def revoked_by_stamp(send):
    shop = new_id()
    signature = tasks.add.s(1, 2)
    signature.stamp(shop=shop)
    signature.apply_async(task_id=(task_id := new_id()), queue="default", countdown=6)
    send.acts.now(task_id, "revoke by stamp", shop=shop)


@kind(5)
def terminated(send):
    task = send.rng.choice([tasks.long, tasks.long_late])
    task_id = send.task(task, queue=send.rng.choice(PROCESSES))
    send.acts.when("begin", task_id, "terminate", signal=send.rng.choice(["SIGTERM", "SIGKILL"]))


@kind(4)
def revoked_while_running(send):
    """Without terminating: the task runs to its end."""
    task_id = send.task(tasks.long, 0.8, queue=send.rng.choice(PROCESSES))
    send.acts.when("begin", task_id, "revoke")


@kind(4)
def revoked_after_failure(send):
    task_id = send.task(tasks.fail, "plain")
    send.acts.when("end", task_id, "revoke")


@kind(3)
def revoked_after_success(send):
    task_id = send.task(tasks.add, 1, 2)
    send.acts.when("end", task_id, "revoke")


# States of their own, tasks that send tasks


@kind(20)
def progress(send):
    send.task(tasks.progress, send.rng.randint(1, 4), 20, send.rng.random() < 0.3)


@kind(12)
def children(send):
    send.task(tasks.spawn, 3, send.rng.choice([1, 1, 2]))


@kind(10)
def replaced(send):
    send.task(tasks.replace, send.rng.choice(["task", "chain", "group", "failing"]))


@kind(10)
def mapped(send):
    mapped = tasks.total.map([[1, 2], [3, 4]])
    mapped.apply_async(task_id=new_id(), queue=send.rng.choice(ANYWHERE))


@kind(8)
def link(send):
    first, after = send.step(tasks.add.s(1, 2)), send.step(tasks.on_success.s())
    send.follows(after, "success", [first], "link")
    first.apply_async(link=after)


@kind(5)
def links(send):
    first, afters = send.step(tasks.add.s(1, 2)), [send.step(tasks.on_success.s()) for _ in range(3)]
    for after in afters:
        send.follows(after, "success", [first], "link")
    first.apply_async(link=afters)


@kind(4)
def link_of_failure(send):
    first, after = send.step(tasks.fail.s()), send.step(tasks.on_success.s())
    send.follows(after, "success", [first], "link")
    first.apply_async(link=after)


@kind(8)
def errback(send):
    first, after = send.step(tasks.fail.s("from")), send.step(tasks.on_failure.s())
    send.follows(after, "failure", [first], "errback")
    first.apply_async(link_error=after)


@kind(5)
def errback_inside(send):
    send.step(tasks.fail.s("from")).apply_async(link_error=tasks.on_failure_inside.s())


@kind(4)
def errback_broken(send):
    first = send.step(tasks.fail.s("from"))
    send.ledger.write("plan", id=first.options["task_id"], why="broken errback", exception="LookupError")
    first.apply_async(link_error=tasks.on_failure_broken.s())


@kind(2)
def long(send):
    """Long enough to kill a worker meanwhile: one that dies with it, one whose message survives."""
    for task in (tasks.long, tasks.long_late):
        send.task(task, 3, queue=send.rng.choice(PROCESSES))


@kind(3)
def limited(send):
    send.task(tasks.limited, queue=send.rng.choice(PROCESSES))


# Canvases


@kind(12)
def chain_succeeds(send):
    steps = [send.step(tasks.add.s(1, 1))] + [send.step(tasks.add.s(n)) for n in range(3)]
    send.chain(*steps).apply_async()


@kind(8)
def chain_fails(send):
    steps = [send.step(tasks.add.s(1, 1)), send.step(tasks.fail.si("from")), send.step(tasks.add.s(1)), send.step(tasks.add.s(2))]
    send.chain(*steps).apply_async()


@kind(5)
def chain_retries(send):
    steps = [send.step(tasks.flaky.s(1, 0.2)), send.step(tasks.add.s(1)), send.step(tasks.on_success.s())]
    send.chain(*steps).apply_async()


@kind(4)
def chain_revoked(send):
    revoked = send.step(tasks.add.s(1)).set(task_id=send.revoked_id())
    send.chain(send.step(tasks.add.s(1, 1)), revoked, send.step(tasks.add.s(2))).apply_async()


@kind(4)
def chain_ignored(send):
    send.chain(send.step(tasks.ignore.si()), send.step(tasks.add.si(1, 2))).apply_async()


@kind(10)
def group_of_tasks(send):
    members = [send.step(tasks.add.s(n, n, send.ms())) for n in range(send.rng.randint(2, 6))]
    group([*members, send.step(tasks.fail.s())]).apply_async()


@kind(12)
def chord_succeeds(send):
    header = [send.step(tasks.add.s(n, n, send.ms())) for n in range(send.rng.randint(2, 6))]
    send.chord(header, send.step(tasks.total.s())).apply_async()


@kind(6)
def chord_of_chains(send):
    header = [[send.step(tasks.add.s(n, n)), send.step(tasks.add.s(1))] for n in range(3)]
    send.chord(header, send.step(tasks.total.s())).apply_async()


@kind(6)
def chord_retries(send):
    header = [send.step(tasks.add.s(1, 1)), send.step(tasks.flaky.s(1, 0.2))]
    send.chord(header, send.step(tasks.total.s())).apply_async()


@kind(8)
def chord_fails(send):
    header = [send.step(tasks.add.s(1, 1)), send.step(tasks.fail.s("during")), send.step(tasks.add.s(2, 2))]
    send.chord(header, send.step(tasks.total.s())).apply_async()


@kind(3)
def chord_fails_in_chain(send):
    header = [send.step(tasks.add.s(1, 1)), [send.step(tasks.fail.si("plain")), send.step(tasks.add.s(1))]]
    send.chord(header, send.step(tasks.total.s())).apply_async()


@kind(3)
def chord_revoked(send):
    header = [send.step(tasks.add.s(1, 1)), send.step(tasks.add.s(2, 2)).set(task_id=send.revoked_id())]
    send.chord(header, send.step(tasks.total.s())).apply_async()


@kind(3)
def chord_with_lost_member(send):
    dying = send.step(tasks.die_early.s("kill"), queue=send.rng.choice(PROCESSES))
    send.chord([send.step(tasks.add.s(1, 1)), dying], send.step(tasks.total.s())).apply_async()


@kind(3)
def chord_never_completes(send):
    """A member that ignores itself is never counted."""
    header = [send.step(tasks.add.s(1, 1)), send.step(tasks.ignore.si())]
    send.chord(header, send.step(tasks.total.s())).apply_async()


@kind(3)
def chord_rejected(send):
    """Counted as a failure from Celery 5.7, never before."""
    header = [send.step(tasks.add.s(1, 1)), send.step(tasks.reject_late.si(False))]
    send.chord(header, send.step(tasks.total.s())).apply_async()
