"""Starts one worker of the fleet in this process.

    python worker.py --name w1 --queues default,math [--pool prefork|threads] [--concurrency 4] [--events]
        [--visibility-timeout SECONDS] [--ready-fd N] [-- more options of `celery worker`]

Broker, results and ledger come from the environment (see app.py). It dies with whoever started it, and its pool processes
die with it, even when it is killed.
"""

import argparse
import ctypes
import json
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(*_, **__):
    """Linux only; elsewhere the supervisor's own clean-up has to do."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def parse(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", required=True)
    parser.add_argument("--queues", required=True)
    parser.add_argument("--pool", choices=("prefork", "threads", "solo"), default="prefork")
    parser.add_argument("--concurrency", type=int, default=4)
    parser.add_argument("--events", action="store_true")
    parser.add_argument("--visibility-timeout", type=float)
    parser.add_argument("--ready-fd", type=int)
    return parser.parse_known_args(arguments)


def node_name(name):
    return name if "@" in name else f"{name}@fleet"


def main():
    options, more = parse(sys.argv[1:])
    die_with_parent()
    os.environ["FLEET_WORKER"] = json.dumps({"pool": options.pool, "events": options.events})
    os.environ.setdefault("C_FORCE_ROOT", "true")  # a worker that accepts pickle refuses to run as root otherwise

    import celery
    from app import app, signals, write

    name = node_name(options.name)
    if options.visibility_timeout is not None:
        app.conf.broker_transport_options = {
            **app.conf.broker_transport_options,
            "visibility_timeout": options.visibility_timeout,
            # Kombu 5.7 looks for orphans every second with these; older ones do when a worker starts and every 100 s.
            "unacked_restore_interval": 1,
            "unacked_restore_throttle": 1,
        }

    signals.worker_process_init.connect(die_with_parent, weak=False)

    @signals.worker_ready.connect(weak=False)
    def on_ready(**_):
        write(
            "worker",
            what="ready",
            worker=name,
            version=celery.__version__,
            pool=options.pool,
            events=options.events,
            queues=options.queues.split(","),
        )
        if options.ready_fd is not None:
            os.write(options.ready_fd, b"ready\n")
            os.close(options.ready_fd)

    @signals.worker_shutdown.connect(weak=False)
    def on_shutdown(**_):
        write("worker", what="stopped", worker=name)

    arguments = ["worker", "-n", name, "-Q", options.queues, "-P", options.pool, "-c", str(options.concurrency)]
    arguments += ["-l", "INFO"] + (["-E"] if options.events else []) + [one for one in more if one != "--"]
    app.worker_main(arguments)


if __name__ == "__main__":
    main()
