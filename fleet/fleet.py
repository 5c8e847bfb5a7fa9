"""Supervises workers and producers for a test: commands come as JSON lines on stdin, answers go out as JSON lines on stdout.

    python fleet.py --broker redis://… --results redis://… --folder FOLDER [--conf JSON]

| command                                                                   | answer                                      |
|---------------------------------------------------------------------------|---------------------------------------------|
| `start`: `workers` [{name, queues, venv?, pool?, concurrency?, events?,   | when each is ready to take tasks:           |
|   visibilityTimeout?, more?}]                                             | {name: {pid}}                               |
| `kill`: `name`                                                            | when its whole process group is dead        |
| `stop`: `names`? (all)                                                    | after warm shutdowns: {name: exit code}     |
| `produce`: `count`?, `seed`?, `kinds`?, `rate`?, `venv`?                  | the producer's summary, when all is sent    |
| `send`: `calls` [{name, args?, kwargs?, queue, options?}], `venv`?        | ids, in the order of the calls              |
| `settle`: `timeoutMs`?                                                    | {settled, open: [ids]} when every task has  |
|                                                                           | come to its end and the broker holds none   |
| `expect`                                                                  | the expectation of expect.py                |
| `quit`                                                                    | after killing what still runs               |

A command is `{"id": 1, "do": "kill", "name": "w1"}`, its answer `{"id": 1, "ok": …}` or `{"id": 1, "error": "…"}`. Commands run at
the same time. Whatever was started dies when stdin ends, so nothing outlives the test that started it. `venv` is a folder
name under .tools/python, such as `celery-5.7`; without it this Python is used.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import redis

import expect
import truth
from worker import die_with_parent, node_name

HERE = Path(__file__).resolve().parent
VENVS = HERE.parent / ".tools" / "python"
QUEUES = ("default", "math", "slow", "prio", "poolthreads")
LISTS = [queue + step for queue in QUEUES for step in ("", "\x06\x163", "\x06\x166", "\x06\x169")]

READY_S = 60
WARM_STOP_S = 60
LOOK_EVERY_S = 0.25
# How long the broker must have been empty before a task that never showed up again counts as lost with a killed worker.
EMPTY_FOR_S = 3


class Fleet:
    def __init__(self, options):
        self.folder = Path(options.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ledger = truth.Ledger(self.folder / "ledger")
        self.conf = json.loads(options.conf)
        self.environment = {
            **os.environ,
            "FLEET_BROKER": options.broker,
            "FLEET_RESULTS": options.results,
            "FLEET_LEDGER": str(self.ledger.folder),
            "FLEET_CONF": options.conf,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.broker = redis.Redis.from_url(options.broker)
        self.known = expect.Truth()
        self.reader = truth.Reader(self.ledger.folder)
        self.vanished = frozenset()
        self.workers = {}
        self.producers = set()

    async def start(self, workers):
        started = await asyncio.gather(*(self._start(one) for one in workers))
        return {name: {"pid": pid} for name, pid in started}

    async def _start(self, one):
        name = node_name(one["name"])
        if name in self.workers:
            raise ValueError(f"{name} runs already")
        arguments = ["--name", name, "--queues", ",".join(one["queues"])]
        arguments += ["--pool", one.get("pool", "prefork"), "--concurrency", str(one.get("concurrency", 2))]
        arguments += ["--events"] if one.get("events", True) else []
        if "visibilityTimeout" in one:
            arguments += ["--visibility-timeout", str(one["visibilityTimeout"])]
        reading, writing = os.pipe()
        try:
            with open(self.folder / f"{name}.log", "ab") as log:
                process = await asyncio.create_subprocess_exec(
                    *(python_of(one), HERE / "worker.py", *arguments, "--ready-fd", str(writing), *one.get("more", [])),
                    env=self.environment,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[writing],
                    start_new_session=True,
                )
        finally:
            os.close(writing)
        self.workers[name] = process
        if not await said_ready(reading):
            kill_group(process.pid)
            del self.workers[name]
            raise RuntimeError(f"{name} did not become ready:\n{tail(self.folder / f'{name}.log')}")
        return name, process.pid

    async def kill(self, name):
        name = node_name(name)
        process = self.workers.pop(name)
        self.ledger.write("worker", what="killed", worker=name)
        kill_group(process.pid)
        await process.wait()
        return {}

    async def stop(self, names=None):
        chosen = [node_name(name) for name in names] if names else list(self.workers)
        return dict(await asyncio.gather(*(self._stop(name) for name in chosen)))

    async def _stop(self, name):
        process = self.workers.pop(name)
        process.terminate()  # the worker alone: its pool processes finish what they run
        try:
            await asyncio.wait_for(process.wait(), WARM_STOP_S)
        finally:
            kill_group(process.pid)
        return name, process.returncode

    async def produce(self, venv=None, **options):
        arguments = [part for name in ("count", "seed", "kinds", "rate") if name in options for part in (f"--{name}", str(options[name]))]
        return await self._answer_of("produce.py", venv, arguments)

    async def send(self, calls, venv=None):
        return await self._answer_of("send.py", venv, [json.dumps(calls)])

    async def _answer_of(self, script, venv, arguments):
        """Runs a producer to its end; its last line is the answer."""
        with open(self.folder / "producer.log", "ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(python_of({"venv": venv} if venv else {}), HERE / script, *arguments),
                env=self.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        self.producers.add(process)
        output, _ = await process.communicate()
        self.producers.discard(process)
        if process.returncode != 0:
            raise RuntimeError(f"the producer failed:\n{tail(self.folder / 'producer.log')}")
        return json.loads(output.splitlines()[-1])

    async def settle(self, timeoutMs=120_000):
        clock = asyncio.get_running_loop().time
        deadline, empty_since = clock() + timeoutMs / 1000, None
        while True:
            answer = self.expect()
            still_open = [task_id for task_id, task in answer["tasks"].items() if not task["settled"]]
            empty = self._broker_is_empty()
            empty_since = (empty_since or clock()) if empty else None
            if empty and not still_open:
                return {"settled": True, "open": []}
            if clock() > deadline:
                return {"settled": False, "open": still_open}
            if empty_since and clock() - empty_since > EMPTY_FOR_S and self._can_vanish(still_open):
                self.vanished = frozenset(still_open)
            await asyncio.sleep(LOOK_EVERY_S)

    def _can_vanish(self, task_ids):
        """A worker was killed, and each task waits for a message that may have been in its hands only."""
        killed = any(one["what"] == "killed" for records in self.known.workers.values() for one in records)
        running = [self.known.histories[task_id].last_run for task_id in task_ids]
        return killed and all(run is None or run.end is not None for run in running)

    def _broker_is_empty(self):
        prefix = self.conf.get("broker_transport_options", {}).get("global_keyprefix", "")
        with self.broker.pipeline(transaction=True) as pipe:
            for name in LISTS:
                pipe.llen(prefix + name)
            pipe.hlen(prefix + "unacked")
            return not any(pipe.execute())

    def expect(self):
        self.known.add(self.reader.more())
        return expect.expectation(self.known, self.vanished)

    async def handle(self, command):
        what = command.pop("do")
        if what == "expect":
            return self.expect()
        if what not in ("start", "kill", "stop", "produce", "send", "settle"):
            raise ValueError(f"no such command: {what}")
        return await getattr(self, what)(**command)

    def end(self):
        for process in [*self.workers.values(), *self.producers]:
            kill_group(process.pid)


def python_of(one):
    return str(VENVS / one["venv"] / "bin" / "python") if one.get("venv") else sys.executable


async def said_ready(descriptor):
    """Waits for the worker's own ready signal; false when it died or took too long."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", 0)
    )
    try:
        return await asyncio.wait_for(reader.readline(), READY_S) == b"ready\n"
    except asyncio.TimeoutError:
        return False
    finally:
        transport.close()


def kill_group(pid):
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def tail(path):
    return path.read_text(errors="replace")[-2_000:]


def parse(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--broker", required=True)
    parser.add_argument("--results", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--conf", default="{}")
    return parser.parse_args(arguments)


async def serve(fleet):
    commands = asyncio.StreamReader(limit=2**24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    running = set()

    async def answer(command):
        reply = {"id": command.pop("id")}
        try:
            reply["ok"] = await fleet.handle(command)
        except Exception as error:
            reply["error"] = f"{type(error).__name__}: {error}"
        print(json.dumps(reply), flush=True)

    while line := await commands.readline():
        command = json.loads(line)
        if command["do"] == "quit":
            break
        task = asyncio.create_task(answer(command))
        running.add(task)
        task.add_done_callback(running.discard)
    for task in running:
        task.cancel()


def main():
    fleet = Fleet(parse(sys.argv[1:]))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        asyncio.run(serve(fleet))
    except KeyboardInterrupt:
        pass
    finally:
        fleet.end()


if __name__ == "__main__":
    main()
