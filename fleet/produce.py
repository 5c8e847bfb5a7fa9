"""Sends a seeded mix of every kind of work, revokes and terminates some of it, and prints a summary as one line of JSON.

    python produce.py --broker redis://… --results redis://… --ledger FOLDER [--count 2000] [--seed 7] [--rate TASKS_PER_SECOND]
        [--kinds all | add,fail,…]

Returns when all is sent and every act that waited for a task to begin or end is done. Each kind is sent at least twice;
the queues `default`, `math`, `slow`, `prio` need prefork workers and `poolthreads` a threads worker.
"""

import argparse
import json
import os
import random
import sys
import threading
import time

ACT_PATIENCE_S = 120
LOOK_EVERY_S = 0.05


def parse(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--broker", default=os.environ.get("FLEET_BROKER"))
    parser.add_argument("--results", default=os.environ.get("FLEET_RESULTS"))
    parser.add_argument("--ledger", default=os.environ.get("FLEET_LEDGER"))
    parser.add_argument("--count", type=int, default=2_000, help="least number of tasks; children are on top")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rate", type=float, default=0, help="kinds begun a second; 0 is as fast as possible")
    parser.add_argument("--kinds", default="all")
    return parser.parse_args(arguments)


class Acts:
    """What an operator does to tasks: at once, or when the ledger shows that a task began or ended."""

    def __init__(self, app, ledger, reader):
        self.app = app
        self.ledger = ledger
        self.done = {}
        self._reader = reader
        self._waiting = []
        self._lock = threading.Lock()
        self._nodes = len(app.control.ping(timeout=2))

    def revoke_everywhere(self, task_id):
        """Returns when every worker has answered that it will drop the task."""
        self._write(task_id, "revoke")
        self.app.control.revoke(task_id, reply=True, timeout=5, limit=self._nodes)

    def now(self, task_id, act, **options):
        self._write(task_id, act, **options)
        if act == "revoke":
            self.app.control.revoke(task_id)
        elif act == "terminate":
            self.app.control.terminate(task_id, **options)
        elif act == "revoke by stamp":
            self.app.control.revoke_by_stamped_headers(options)
        else:
            raise ValueError(act)

    def when(self, record, task_id, act, **options):
        with self._lock:
            self._waiting.append((record, task_id, act, options))

    def run(self, all_sent: threading.Event):
        """Acts until all is sent and nothing waits any more; returns the ids that were waited for in vain."""
        seen = set()
        deadline = None
        while True:
            seen.update((one["record"], one["id"]) for one in self._reader.more() if one["record"] in ("begin", "end"))
            with self._lock:
                due = [one for one in self._waiting if one[:2] in seen]
                self._waiting = [one for one in self._waiting if one[:2] not in seen]
            for _, task_id, act, options in due:
                self.now(task_id, act, **options)
            if all_sent.is_set():
                deadline = deadline or time.monotonic() + ACT_PATIENCE_S
                if not self._waiting or time.monotonic() > deadline:
                    return [task_id for _, task_id, *_ in self._waiting]
            time.sleep(LOOK_EVERY_S)

    def _write(self, task_id, act, **options):
        self.done[act] = self.done.get(act, 0) + 1
        self.ledger.write("act", do=act, id=task_id, options=options)


def mix(kinds, rng):
    """Every kind twice in any order, then by weight for ever."""
    first = [*kinds, *kinds]
    rng.shuffle(first)
    yield from first
    weights = [one.weight for one in kinds]
    while True:
        yield rng.choices(kinds, weights)[0]


def main():
    options = parse(sys.argv[1:])
    os.environ["FLEET_BROKER"], os.environ["FLEET_RESULTS"] = options.broker, options.results
    os.environ["FLEET_LEDGER"] = options.ledger

    import truth
    from app import app, ledger, signals
    from kinds import KINDS, Sender

    rng = random.Random(options.seed)
    kinds = list(KINDS.values()) if options.kinds == "all" else [KINDS[name] for name in options.kinds.split(",")]
    acts = Acts(app, ledger, truth.Reader(options.ledger))
    send = Sender(app, ledger, rng, acts)
    sent, begun = set(), {}

    @signals.before_task_publish.connect(weak=False)
    def count(headers=None, **_):
        sent.add(headers["id"])

    all_sent = threading.Event()
    in_vain = []
    acting = threading.Thread(target=lambda: in_vain.extend(acts.run(all_sent)), daemon=True)
    acting.start()
    started = time.monotonic()
    for number, one in enumerate(mix(kinds, rng)):
        if len(sent | send.planned) >= options.count and number >= 2 * len(kinds):
            break
        one.send(send)
        begun[one.name] = begun.get(one.name, 0) + 1
        if options.rate:
            time.sleep(max(0, started + (number + 1) / options.rate - time.monotonic()))
    sent_ms = round((time.monotonic() - started) * 1000)
    all_sent.set()
    acting.join()
    summary = {"tasks": len(sent | send.planned), "sentMs": sent_ms, "kinds": begun, "acts": acts.done, "inVain": in_vain}
    print(json.dumps(summary), flush=True)


if __name__ == "__main__":
    main()
