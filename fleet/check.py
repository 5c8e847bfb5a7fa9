"""Measures the rules of expect.py against Celery itself: runs a fleet on a private Redis, then asks the result backend.

    python check.py [--fleet 5.7|5.6|5.3|mixed] [--count 2000] [--seed 7] [--keep FOLDER]

Prints the differences that the rules do not explain, the time taken, and exits with 1 when there are any. Run it with the
Python of a fleet's venv; needs redis-server on the PATH.
"""

import argparse
import asyncio
import collections
import json
import os
import socket
import subprocess
import sys
import tempfile
import time

import redis

import fleet as fleets

FLEETS = {
    "5.7": ("celery-5.7",) * 3,
    "5.6": ("celery-5.6",) * 3,
    "5.3": ("celery-5.3",) * 3,
    "mixed": ("celery-5.7", "celery-5.6", "celery-5.6"),
}
PRODUCERS = {"5.7": "celery-5.7", "5.6": "celery-5.6", "5.3": "celery-5.3", "mixed": "celery-5.7"}


def workers_of(venvs):
    return [
        {"name": "garden-1", "venv": venvs[0], "queues": ["default", "math", "slow"], "concurrency": 4},
        {"name": "garden-2", "venv": venvs[1], "queues": ["math", "default", "prio", "slow"], "concurrency": 4},
        {"name": "pond-1", "venv": venvs[2], "queues": ["poolthreads"], "pool": "threads", "concurrency": 4},
    ]


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def start_redis(port):
    command = ["redis-server", "--port", str(port), "--save", "", "--appendonly", "no", "--dir", tempfile.gettempdir()]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    while "eady to accept connections" not in (line := server.stdout.readline()):
        if not line:
            raise RuntimeError("redis-server did not start")
    return server


async def run(options, url, folder):
    fleet = fleets.Fleet(argparse.Namespace(broker=f"{url}/0", results=f"{url}/1", folder=folder, conf="{}"))
    times = {}
    try:
        times["start"] = await timed(fleet.start(workers_of(FLEETS[options.fleet])))
        summary = {}
        times["produce"] = await timed(fleet.produce(venv=PRODUCERS[options.fleet], count=options.count, seed=options.seed), summary)
        settled = {}
        times["settle"] = await timed(fleet.settle(timeoutMs=120_000), settled)
        times["stop"] = await timed(fleet.stop())
        return fleet.expect(), summary, settled, times
    finally:
        fleet.end()


async def timed(work, into=None):
    started = time.monotonic()
    answer = await work
    if into is not None:
        into.update(answer)
    return round(time.monotonic() - started, 1)


def differences(expected, results):
    """What the result backend says otherwise than the expectation, as `(why, id, expected, found)`."""
    for task_id, task in expected["tasks"].items():
        text = results.get(f"celery-task-meta-{task_id}")
        meta = json.loads(text) if text else None
        final = bool(meta) and meta["status"] not in ("STARTED", "RETRY", "PROGRESS")
        last = task["attempts"][-1] if task["attempts"] else None
        may_be_absent = set(task["states"]) & {"ENDED", "REJECTED", "LOST"} or (last and last["ignoresResult"])
        if meta and meta["status"] in task["overwritten"]:
            continue
        if not final:
            if not may_be_absent:
                yield "no final result", task_id, task, meta
        elif meta["status"] not in task["states"]:
            yield f"{meta['status']} instead of {'/'.join(task['states'])}", task_id, task, meta
        elif meta["status"] == "FAILURE" and not names_one(meta["result"], task["exceptionTypes"]):
            yield f"{meta['result'].get('exc_type')} instead of {task['exceptionTypes']}", task_id, task, meta
        if meta and meta.get("worker") and last and meta["worker"] not in (one["worker"] for one in task["attempts"]):
            yield "another worker", task_id, task, meta
        if meta and meta.get("queue") and task["sent"] and meta["queue"] != task["queue"]:
            yield "another queue", task_id, task, meta
    for task_id in expected["neverSent"]:
        if text := results.get(f"celery-task-meta-{task_id}"):
            yield "a result of a task that was never sent", task_id, {}, json.loads(text)


def names_one(result, types):
    inner = result.get("exc_message")
    wrapped = inner[1] if result.get("exc_type") == "UnpickleableExceptionWrapper" else None
    return result.get("exc_type") in types or wrapped in types


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fleet", choices=FLEETS, default="5.7")
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--keep", help="folder for ledger, logs and expectation")
    options = parser.parse_args()
    folder = options.keep or tempfile.mkdtemp(prefix="fleet-")
    port = free_port()
    server = start_redis(port)
    url = f"redis://127.0.0.1:{port}"
    try:
        expected, summary, settled, times = asyncio.run(run(options, url, folder))
        results = redis.Redis.from_url(f"{url}/1", decode_responses=True)
        found = list(differences(expected, results))
        with open(os.path.join(folder, "expectation.json"), "w") as file:
            json.dump(expected, file, indent=1)
    finally:
        server.kill()
        server.wait()
    states = collections.Counter("/".join(task["states"]) for task in expected["tasks"].values())
    print(json.dumps({"fleet": options.fleet, "tasks": len(expected["tasks"]), "neverSent": len(expected["neverSent"]), "seconds": times}))
    print(json.dumps({"states": states, "kinds": len(summary["kinds"]), "acts": summary["acts"], "inVain": summary["inVain"]}))
    print(json.dumps(settled), folder)
    for difference, count in collections.Counter(one[0] for one in found).most_common():
        print(f"{count:5} {difference}")
    for why, task_id, task, meta in found[:20]:
        print("--", why, task_id, json.dumps(task), json.dumps(meta)[:600], sep="\n   ")
    sys.exit(1 if found or not settled["settled"] else 0)


if __name__ == "__main__":
    main()
