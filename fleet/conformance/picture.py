"""The picture of a piece of work: every task that belongs to it, with the events and results that were published."""

import json
import time
from collections import Counter

from celery.result import GroupResult

from normal import Masks, error, plain

FINAL = {"task-succeeded", "task-failed", "task-revoked", "task-rejected"}
FINAL_STATES = {"SUCCESS", "FAILURE", "REVOKED"}
QUIET_SECONDS = 0.4
WAIT_SECONDS = 12
GET_SECONDS = 2


def ids_of(result):
    """Of everything that a client's result knows, in its order; every task once."""
    found = {}

    def walk(one):
        if one is None:
            return
        walk(one.parent)
        if isinstance(one, GroupResult):
            for member in one.results:
                walk(member)
        elif one.id not in found:
            found[one.id] = None

    walk(result)
    return list(found)


def outcome(result, seconds=GET_SECONDS):
    try:
        return {"value": plain(result.get(timeout=seconds))}
    except Exception as raised:
        return {"raised": error(raised)}


class Picture:
    """Watches until all has ended and nothing more is heard; `at_least` is the number of tasks to wait for."""

    def __init__(self, listener, seeds, at_least=0, wait=WAIT_SECONDS, silent=()):
        self.listener = listener
        self.seeds = list(seeds)
        self.at_least = at_least
        self.silent = set(silent)
        self.members = {}
        self.is_settled = bool(listener.wait_for(self.settled, wait))

    def settled(self):
        self.members = self.belonging()
        if len(self.members) < self.at_least or not all(map(self.ended, self.members)):
            return False
        heard = [self.listener.heard_at.get(one, 0) for one in self.members]
        return time.monotonic() - max(heard, default=0) > QUIET_SECONDS

    def belonging(self):
        """The seeds, tasks whose root or parent belongs, the roots of all these, and those that results call their children."""
        known = {}
        ahead = list(self.seeds)
        while ahead:
            task_id = ahead.pop()
            if task_id in known:
                continue
            known[task_id] = None
            ahead += self.listener.relatives.get(task_id, ())
            for event in self.listener.by_task.get(task_id, ()):
                root = event.get("root_id")
                ahead += self.listener.relatives.get(root, ()) if root else ()
            for meta in self.listener.metas.get(task_id, ()):
                ahead += children_of(meta)
        return known

    def ended(self, task_id):
        events = [event["type"] for event in self.listener.by_task.get(task_id, ()) if event["type"] != "task-sent"]
        if events:
            if self.silent and task_id in self.silent:
                return "task-started" in events
            final = [index for index, kind in enumerate(events) if kind in FINAL]
            return bool(final) and final[-1] == len(events) - 1 and not self.comes_again(task_id)
        metas = self.listener.metas.get(task_id, ())
        return any(status(meta) in FINAL_STATES for meta in metas)

    def comes_again(self, task_id):
        last = self.listener.by_task[task_id][-1]
        return last["type"] == "task-rejected" and last["requeue"] is True

    def drawn(self):
        labels = self.labels()
        masks = Masks(labels)
        tasks = {label: self.task(task_id, masks) for task_id, label in labels.items()}
        return {"tasks": tasks} if self.is_settled else {"tasks": tasks, "unsettled": True}

    def labels(self):
        """Numbers in the order of the client's result, then by what the tasks are, never by the time of hearing."""
        place = {task_id: number for number, task_id in enumerate(self.seeds)}
        masks = Masks()

        def key(task_id):
            told = next((event for event in in_attempts(self.listener.by_task.get(task_id, [])) if "name" in event), {})
            return (
                place.get(task_id, len(place)),
                told.get("name") or "",
                masks.text(told.get("args") or ""),
                masks.text(told.get("kwargs") or ""),
                told.get("queue") or "",
            )

        return {task_id: f"<{number}>" for number, task_id in enumerate(sorted(self.members, key=key), 1)}

    def task(self, task_id, masks):
        metas = [json.loads(one) if one[:1] == b"{" else {"(bytes)": one[:1].hex()} for one in self.listener.metas.get(task_id, ())]
        return {
            "events": [masks(self.settle_family(task_id, event)) for event in in_attempts(self.listener.by_task.get(task_id, []))],
            "metas": without_repeated_revokes([masks(self.settle_family(task_id, meta)) for meta in metas]),
        }

    def settle_family(self, task_id, told):
        """Whichever part of a chord ends last sends its body, and is its parent; without a root above, it is its root too."""
        told = dict(told)
        if told.get("status") == "FAILURE" and not told.get("children"):
            told["children"] = []  # both the failed chord and the failed chain write it, one without children
        parent, root = told.get("parent_id"), told.get("root_id")
        if parent and self.is_part(parent) and not any(task_id in children_of(meta) for meta in self.listener.metas[parent]):
            told["parent_id"] = "<a part>"
        if root and root != task_id and self.is_part(root):
            told["root_id"] = "<a part>"
        return told

    def is_part(self, task_id):
        return any(b'"group_id"' in meta for meta in self.listener.metas.get(task_id, ()))


def without_repeated_revokes(metas):
    """Every worker that hears of a revoke may write it, and the one that had the task writes it again: only the last is no chance."""
    revoked = [place for place, one in enumerate(metas) if one.get("status") == "REVOKED"]
    return [one for place, one in enumerate(metas) if place not in revoked[:-1]]


def status(meta):
    try:
        return json.loads(meta).get("status")
    except ValueError:
        return "SUCCESS"


def children_of(meta):
    try:
        children = json.loads(meta).get("children") or []
    except ValueError:
        return []
    found = []

    def walk(one):
        (task_id, _parent), members = one
        if members is None:
            found.append(task_id)
        for member in members or ():
            walk(member)

    for one in children:
        walk(one)
    return found


STEPS = {"task-received", "task-started", "task-retried", "task-rejected"}


def in_attempts(events):
    """A message that the task sends again can be received before its last attempt is told of: the order within one is what counts."""
    begun = Counter()

    def attempt(event):
        kind = event["type"]
        begun[kind] += 1
        if kind == "task-sent":
            return 0
        return begun[kind] if kind in STEPS else len(events)

    if sum(event["type"] == "task-received" for event in events) < 2:
        return [event for _, event in in_order(events)]
    return [event for _, _, event in sorted((attempt(event), place, event) for place, event in in_order(events))]


def in_order(events):
    """`task-sent` comes from another process than `task-received`; a task that sends itself again does so later."""

    def place(one):
        number, event = one
        is_sent = event["type"] == "task-sent"
        return (not is_sent, is_sent and event["parent_id"] == event["uuid"], number)

    return list(enumerate(event for _, event in sorted(enumerate(events), key=place)))
