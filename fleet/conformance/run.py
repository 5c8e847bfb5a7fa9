"""Runs the cases against one kind of worker, and prints one JSON line for each: {"case", "observation"} or {"case", "error"}.

    python run.py --list
    python run.py --redis redis://127.0.0.1:6400 --worker '["python", "-m", "celery", "-A", "app", "worker"]' [--only PATTERN]
        [--logs FOLDER]

The Python that runs it is the client that is used. The command of the worker gets Celery's options behind it: -n, -Q, -c, -E, -l.
Every world (see worlds.py) runs in a process of its own, all at the same time.
"""

import argparse
import fnmatch
import importlib
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import cases
from case import CASES
from workers import READY_SECONDS, Worker, die_with_parent
from worlds import WORLDS

HERE = os.path.dirname(os.path.abspath(__file__))


def load_cases():
    for module in pkgutil.iter_modules(cases.__path__):
        importlib.import_module(f"cases.{module.name}")


def chosen(only):
    return [one for one in CASES.values() if any(fnmatch.fnmatch(one.name, pattern) for pattern in only or ["*"])]


def run_worlds(options):
    """Each world in a child, whose lines are passed on as they come."""
    folder = options.logs or tempfile.mkdtemp(prefix="conformance-")
    os.makedirs(folder, exist_ok=True)
    children = []
    for world in {one.world for one in chosen(options.only)}:
        environment = {
            **os.environ,
            "CONFORMANCE_BROKER": f"{options.redis}/{WORLDS[world].database}",
            "CONFORMANCE_RESULTS": f"{options.redis}/{WORLDS[world].database + 1}",
            "CONFORMANCE_CONF": json.dumps(WORLDS[world].conf),
        }
        arguments = ["--world", world, "--worker", options.worker, "--logs", folder]
        for pattern in options.only or ():
            arguments += ["--only", pattern]
        children.append(subprocess.Popen([sys.executable, __file__, *arguments], env=environment, cwd=HERE, preexec_fn=die_with_parent))
    codes = [child.wait() for child in children]
    return max(codes, default=0)


def run_world(options):
    import app as application
    from client import Client
    from listener import Listener

    world = WORLDS[options.world]
    command = json.loads(options.worker)
    listener = Listener(application.BROKER, application.RESULTS)
    started = []

    def start_worker(node, concurrency=2, queues="celery,other", more=(), events=True, wait=True):
        worker = Worker(command, node, concurrency, options.logs, queues, events, more)
        started.append(worker)
        if wait:
            worker.wait_until_ready(application.app)
        return worker

    def look(case):
        begun = time.monotonic()
        client = Client(world, listener, start_worker)
        try:
            line = {"case": case.name, "observation": case.look(client)}
        except Exception:
            line = {"case": case.name, "error": traceback.format_exc()}
        line["seconds"] = round(time.monotonic() - begun, 2)
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    try:
        if world.worker:
            start_worker(world.node, world.concurrency)
            application.echo.delay("awake").get(timeout=READY_SECONDS)  # it answers before it takes its first task
        with ThreadPoolExecutor(world.at_once) as pool:
            list(pool.map(look, [one for one in chosen(options.only) if one.world == world.name]))
    finally:
        for worker in started:
            worker.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", action="store_true", help="names of the cases, one a line")
    parser.add_argument("--redis", help="URL without a database number; the server should be empty")
    parser.add_argument("--worker", help="JSON list: the command of the worker")
    parser.add_argument("--only", action="append", help="pattern of case names")
    parser.add_argument("--logs", help="folder for the logs of the workers")
    parser.add_argument("--world", help=argparse.SUPPRESS)
    options = parser.parse_args()
    load_cases()
    if options.list:
        print("\n".join(CASES))
    elif options.world:
        run_world(options)
    else:
        sys.exit(run_worlds(options))


if __name__ == "__main__":
    main()
