"""What must be true of every task, judged from the ledger alone.

    python expect.py LEDGER-FOLDER

prints `{tasks: {id: {name, names, queue, states, attempts, exceptionTypes, knowable, settled, why, …}}, neverSent, workers, settled}`.
`states` are the states that a monitor may show, in Perennial's words; nearly always there is one. `knowable` is false where
Celery tells nobody what happened, so that "outcome unknown" (ENDED) is the honest answer and the truth a lucky one.

The rules, in the order in which they are tried:

1. **Never sent, only planned.** A later step of a chain gets the failure of the step before it (Celery stores that under the
   id of a message that never existed). A chord's body gets ChordError when a member failed or was revoked. When a member
   ignored itself, or a chain step was revoked or ignored, the rest is never heard of: `neverSent`.
2. **Its last message was never begun.** A worker's main process said that it dropped it: REVOKED (revoked or expired), or that
   it does not know the task: FAILURE NotRegistered. Otherwise it still waits.
3. **Begun, never ended**, or ended by SystemExit. Terminated: REVOKED. It wrote that it was dying: FAILURE WorkerLostError; unless the message goes back
   (`acks_late` and `reject_on_worker_lost`) or the worker retries it (5.7, `retry_on_worker_lost`): then another run follows.
   Its process died and the task did not do it: its hard limit passed, FAILURE TimeLimitExceeded. Its whole worker was killed:
   LOST, and with `acks_late` it is delivered again after the visibility timeout. Otherwise it still runs.
4. **Ended.** As the function was left, with these exceptions:
   - A result that cannot be encoded is a failure (EncodeError), although the function succeeded.
   - Reject without requeue: FAILURE Reject from 5.7; before, REJECTED where `acks_late` left something to reject and events
     were on, and nothing at all otherwise.
   - Reject of a message that was acknowledged early, and Ignore: nothing tells the end. ENDED, or the last state of its own.
   - An errback that runs inside the worker and raises replaces the exception in the result; events tell neither.
   - Revoked after its end: it stays what it was, but workers from 5.6.2 to 5.6.3 overwrite the stored FAILURE with REVOKED, also
     where another worker ran it: `overwritten`.
   - Retried without delay: the RETRY of the first attempt can be stored after, and over, the end of the second, a SUCCESS included.

An attempt is `told` when its worker reports runs faithfully. A process that dies before its worker heard that it had begun is
replaced, and the new one runs the same message: two attempts of one delivery, of which nobody can know the first.

`overwritten` are states that a later look at the result backend may find instead; the true one was published there first.

A success or failure is known when it is stored (its result is not ignored) or told (the worker sends task events, and is not a
threads pool before 5.7, which loses them). A worker killed within half a second of the end may have done neither.
"""

import json
import sys
from dataclasses import dataclass, field, replace

import truth

WAITING = ("PENDING", "SCHEDULED", "RECEIVED")
# The task function writes its end before Celery stores and tells it.
STORING_MS = 500


@dataclass
class Run:
    begin: dict
    end: dict | None = None
    dying: dict | None = None
    states: list = field(default_factory=list)

    @property
    def retries(self):
        return self.begin["retries"]

    @property
    def cut_short(self):
        """SIGTERM, which ends a task over its limit or terminated, reaches the function as SystemExit."""
        return self.end is None or self.end["outcome"] == "exit"

    @property
    def told(self):
        lossy = self.begin["pool"] == "threads" and version_of(self.begin) < (5, 7)
        return bool(self.begin["events"]) and not lossy

    @property
    def known(self):
        return self.told or not self.begin["ignoresResult"]


@dataclass
class History:
    """All that the ledger holds about one id."""

    id: str
    sent: list = field(default_factory=list)
    runs: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    acts: list = field(default_factory=list)
    plans: list = field(default_factory=list)

    def noted(self, what, since=0):
        return next((one for one in reversed(self.notes) if one["what"] == what and one["at"] >= since), None)

    @property
    def last_run(self):
        return max(self.runs, key=lambda run: (run.retries, run.begin["at"]), default=None)

    @property
    def last_message(self):
        return max(self.sent, key=lambda one: (one["retries"], one["at"]), default=None)


@dataclass
class Verdict:
    states: tuple
    why: str
    exceptions: tuple = ()
    knowable: bool = True
    settled: bool = True
    overwritten: tuple = ()


NEVER_SENT = Verdict((), "never sent")


def waits(why, *states):
    return Verdict(states or WAITING, why, settled=False)


def version_of(record):
    return tuple(int(part) for part in record["version"].split(".")[:2])


class Truth:
    """The ledger, sorted by task and by worker."""

    def __init__(self):
        self.histories: dict[str, History] = {}
        self.workers: dict[str, list] = {}

    def add(self, records):
        for record in sorted(records, key=lambda one: one["at"]):
            if record["record"] == "worker":
                self.workers.setdefault(record["worker"], []).append(record)
            else:
                self._add_to_task(record)

    def _add_to_task(self, record):
        history = self.histories.setdefault(record["id"], History(record["id"]))
        match record["record"]:
            case "sent":
                history.sent.append(record)
            case "plan":
                history.plans.append(record)
            case "note":
                history.notes.append(record)
            case "act":
                history.acts.append(record)
            case "begin":
                history.runs.append(Run(record))
            case "dying" | "end" | "state" as what:
                run = next(run for run in reversed(history.runs) if run.begin["pid"] == record["pid"] and run.retries == record["retries"])
                if what == "state":
                    run.states.append(record["state"])
                else:
                    setattr(run, what, record)

    def killed_at(self, worker, since):
        """When the worker was killed after `since`, in the life it was living then."""
        for record in self.workers.get(worker, ()):
            if record["at"] > since and record["what"] == "killed":
                return record["at"]
            if record["at"] > since and record["what"] == "ready":
                return None
        return None

    def killed_soon(self, run):
        """Whether its worker was killed before it can have stored and told what the run wrote down last."""
        since = (run.end or run.begin)["at"]
        killed_at = self.killed_at(run.begin["worker"], since)
        return killed_at is not None and killed_at - since < STORING_MS


class Judge:
    """Applies the rules above. One judge for one reading of the ledger: it remembers its verdicts.

    `vanished` are the ids that never came although the broker is empty: their messages were only in the hands of a worker
    that was killed, between taking them and noting it, or before publishing them.
    """

    def __init__(self, known: Truth, vanished):
        self.truth = known
        self.vanished = vanished
        self._verdicts = {}

    def of(self, task_id):
        if task_id not in self._verdicts:
            history = self.truth.histories.get(task_id)
            self._verdicts[task_id] = self._judge(history) if history else waits("nothing is known of it")
        return self._verdicts[task_id]

    def _judge(self, history):
        if not history.sent:
            return self._never_sent(history)
        run, message = history.last_run, history.last_message
        if run is None or run.retries < message["retries"]:
            return self._not_begun(history, message)
        dropped = history.noted("revoked", since=run.begin["at"])
        if dropped and not dropped["terminated"]:  # put back in its queue, then dropped from there
            return Verdict(("REVOKED",), "revoked between two deliveries")
        if run.cut_short:
            return self._cut_short(history, run)
        verdict = self._left(history, run)
        if dropped and verdict.settled:
            return Verdict((*verdict.states, "REVOKED"), "ended while it was terminated", verdict.exceptions, knowable=False)
        if self.truth.killed_soon(run):
            return Verdict((*verdict.states, "LOST"), "its worker was killed at its end", verdict.exceptions, knowable=False)
        return verdict

    def _never_sent(self, history):
        plans = [one for one in history.plans if "when" in one]
        if not plans:
            return NEVER_SENT
        plan = plans[0]
        before = [self.of(task_id) for task_id in plan["of"]]
        states = {state for one in before for state in one.states}
        exceptions = tuple(name for one in before for name in one.exceptions)
        if not all(one.settled for one in before):
            return waits(f"waits for its {plan['why']}")
        if "LOST" in states and plan["why"] in ("chain", "chord"):  # told or not, so failed with it, or never heard of
            return Verdict(("PENDING", "FAILURE", "ENDED"), f"its {plan['why']} was lost", ("ChordError", *exceptions), knowable=False)
        if plan["why"] == "chain" and states == {"FAILURE"}:
            return Verdict(("FAILURE",), "a step before it in its chain failed", exceptions)
        if plan["why"] == "chord":
            if any(one is NEVER_SENT or not one.states or "ENDED" in one.states or "REJECTED" in one.states for one in before):
                return NEVER_SENT
            if states & {"FAILURE", "REVOKED"}:
                return Verdict(("FAILURE",), "a member of its chord failed", ("ChordError",))
        follows = states == {"SUCCESS"} if plan["when"] in ("success", "all") else states == {"FAILURE"}
        if not follows:
            return NEVER_SENT
        return waits(f"is about to be sent by its {plan['why']}")

    def _not_begun(self, history, message):
        dropped = history.noted("revoked", since=message["at"])
        if dropped:
            return Verdict(("REVOKED",), "expired before it began" if dropped["expired"] else "revoked before it began")
        if history.noted("unknown"):
            return Verdict(("FAILURE",), "no worker knows the task", ("NotRegistered",))
        if history.id in self.vanished:
            return Verdict((*WAITING, "RETRY", "REVOKED", "LOST", "ENDED"), "vanished with a killed worker", knowable=False)
        if message["retries"] > 0:
            return waits("waits for its retry", "RETRY", *WAITING)
        return waits("waits")

    def _cut_short(self, history, run):
        began_at = run.begin["at"]
        if history.noted("revoked", since=began_at):
            return Verdict(("REVOKED",), "terminated")
        goes_back = run.begin["requeuesWhenLost"] and run.begin["acksLate"]
        is_retried = run.begin["retriesWhenLost"] and version_of(run.begin) >= (5, 7)
        if history.noted("found dead", since=began_at):
            if run.dying:
                return Verdict(("FAILURE",), "its process died", ("WorkerLostError",), run.known)
            return Verdict(("FAILURE",), "its hard time limit passed", ("TimeLimitExceeded",), run.known)
        if self.truth.killed_at(run.begin["worker"], since=began_at):
            if run.begin["acksLate"]:
                return waits("its worker was killed; it will be delivered again", "LOST", "STARTED")
            revoked = ("REVOKED",) if history.acts else ()  # other workers promise it, and store that
            return Verdict(("LOST", *revoked), "its worker was killed with it")
        if run.dying and (goes_back or is_retried):
            return waits("its process died; it will run again", "STARTED", "RETRY", *WAITING)
        if run.dying or run.end:
            return waits("its process died", "STARTED", "FAILURE")
        return waits("runs", *(run.states[-1:] or ["STARTED"]))

    def _left(self, history, run):
        match run.end["outcome"]:
            case "success" if run.end["encodable"] or run.begin["ignoresResult"]:
                return self._stored(history, run, self._known(run, "SUCCESS", "succeeded"))
            case "success":
                return self._known(run, "FAILURE", "its result could not be encoded", ("EncodeError",))
            case "failure":
                broken = (one["exception"] for one in history.plans if one["why"] == "broken errback")
                return self._stored(history, run, self._known(run, "FAILURE", "failed", (run.end["exception"]["type"], *broken)))
            case "retry":
                return waits("retried", "RETRY", *WAITING)
            case "replaced":
                return waits("replaced by another task of the same id", "STARTED", *WAITING)
            case "ignored":
                return Verdict((*run.states[-1:], "ENDED"), "ignored itself, which nothing tells", knowable=False)
            case "rejected":
                return self._rejected(run)

    def _stored(self, history, run, verdict):
        """The verdict, with the states that may have overwritten it in the result backend."""
        overwritten = ()
        if "FAILURE" in verdict.states and any(one["do"] == "revoke" and one["at"] > run.end["at"] for one in history.acts):
            overwritten += ("REVOKED",)
        before = [one for one in history.runs if one.retries == run.retries - 1 and one.end]
        if before and run.end["at"] - before[-1].end["at"] < STORING_MS:
            overwritten += ("RETRY",)
        return replace(verdict, overwritten=overwritten)

    def _rejected(self, run):
        late = run.begin["acksLate"]
        if run.end["requeue"]:
            if late:
                return waits("rejected, to be delivered again", "REJECTED", "STARTED", *WAITING)
        elif version_of(run.begin) >= (5, 7):
            return self._known(run, "FAILURE", "rejected", ("Reject",))
        elif late and run.told:
            return Verdict(("REJECTED",), "rejected")
        elif late and run.begin["events"]:
            return Verdict(("REJECTED", "ENDED"), "rejected, which nothing is sure to tell", knowable=False)
        return Verdict(("ENDED",), "rejected, which nothing tells", knowable=False)

    def _known(self, run, state, why, exceptions=()):
        if run.known:
            return Verdict((state,), why, exceptions)
        return Verdict((state, "ENDED"), f"{why}, which nothing is sure to tell", exceptions, knowable=False)


def expectation(known: Truth, vanished=frozenset()):
    judge = Judge(known, vanished)
    tasks, never_sent, settled = {}, [], True
    for history in known.histories.values():
        verdict = judge.of(history.id)
        settled = settled and verdict.settled
        if verdict is NEVER_SENT:
            never_sent.append(history.id)
        else:
            tasks[history.id] = describe(history, verdict, known)
    return {
        "tasks": tasks,
        "neverSent": never_sent,
        "workers": {name: worker_of(records) for name, records in known.workers.items()},
        "settled": settled,
    }


def describe(history, verdict, known):
    messages, runs = history.sent, sorted(history.runs, key=lambda run: (run.retries, run.begin["at"]))
    first = messages[0] if messages else next(one for one in history.plans if "when" in one)
    shadows = [one["shadow"] for one in messages if one["shadow"]]
    names = [first["name"], *(one["name"] for one in messages), *(run.begin["name"] for run in runs), *shadows]
    return {
        "name": names[-1],
        "names": sorted(set(names)),
        "queue": (history.last_message or first)["queue"],
        "sent": bool(messages),
        "sentAt": messages[0]["at"] if messages else None,
        "rootId": messages[0]["root"] if messages else None,
        "parentId": messages[0]["parent"] if messages else None,
        "states": list(verdict.states),
        "exceptionTypes": list(verdict.exceptions),
        "attempts": [attempt_of(run, after, known) for run, after in zip(runs, [*runs[1:], None])],
        "knowable": verdict.knowable,
        "settled": verdict.settled,
        "overwritten": list(verdict.overwritten),
        "why": verdict.why,
    }


def attempt_of(run, after, known):
    begun_anew = run.dying and after and after.retries == run.retries and not after.begin["redelivered"]
    return {
        "retries": run.retries,
        "name": run.begin["name"],
        "worker": run.begin["worker"],
        "version": run.begin["version"],
        "pool": run.begin["pool"],
        "beganAt": run.begin["at"],
        "endedAt": run.end["at"] if run.end else None,
        "outcome": run.end["outcome"] if run.end else None,
        "redelivered": run.begin["redelivered"],
        "told": run.told and not begun_anew and not known.killed_soon(run),
        "ignoresResult": run.begin["ignoresResult"],
    }


def worker_of(records):
    born = [one for one in records if one["what"] == "ready"]
    last = records[-1]["what"]
    facts = {key: born[-1][key] for key in ("version", "pool", "events", "queues", "pid")} if born else {}
    return {**facts, "state": {"ready": "online", "stopped": "stopped", "killed": "lost"}[last], "boots": len(born)}


def main():
    known = Truth()
    known.add(truth.Reader(sys.argv[1]).more())
    json.dump(expectation(known), sys.stdout, indent=1)


if __name__ == "__main__":
    main()
