"""What a case asks with: Celery's own client, and what can be seen beside it."""

import base64
import json
import os
import subprocess
import sys
import time
import uuid

import redis

import app as application
from normal import Masks, reply
from picture import Picture, ids_of, outcome

REPLY_SECONDS = 3
CLI_SECONDS = 60


class Client:
    def __init__(self, world, listener, start_worker):
        self.world = world
        self.node = world.node
        self.listener = listener
        self.start_worker = start_worker
        self.app = application.app
        self.broker = redis.Redis.from_url(application.BROKER, decode_responses=True, socket_timeout=None)
        self.results = redis.Redis.from_url(application.RESULTS, socket_timeout=None)

    # Work

    def run(self, result, at_least=0, wait=12, silent=(), get=True, also=()):
        """The whole picture of what was sent, when all of it has ended."""
        picture = Picture(self.listener, [*ids_of(result), *also], at_least, wait, silent)
        drawn = picture.drawn()
        if get:
            drawn["get"] = Masks(picture.labels())(outcome(result))
        return drawn

    def value(self, result, seconds=12):
        return Masks()(outcome(result, seconds))

    def value_text(self, text):
        return Masks().text(text)

    def heard(self, task_id, kind, seconds=10):
        """Whether an event of this kind was heard about the task."""
        return bool(
            self.listener.wait_for(lambda: any(one["type"] == kind for one in self.listener.by_task.get(task_id, ())), seconds)
        )

    def state_heard(self, task_id, state, seconds=10):
        mark = f'"{state}"'.encode()
        return bool(self.listener.wait_for(lambda: any(mark in one for one in self.listener.metas.get(task_id, ())), seconds))

    def new_id(self):
        return str(uuid.uuid4())

    def gate(self):
        return self.new_id()

    def held(self, gate, count=1, seconds=10):
        """Waits until so many tasks wait at the gate."""
        for _ in range(count):
            if not self.results.blpop(f"held:{gate}", timeout=seconds):
                return False
        return True

    def open(self, gate, count=1):
        self.results.rpush(f"gate:{gate}", *(["open"] * count))
        self.results.expire(f"gate:{gate}", 60)

    def notes(self, key, count, seconds=8):
        """What tasks have left outside under this key, when there is so much of it."""
        deadline = time.monotonic() + seconds
        while self.results.llen(key) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        return [one.decode() for one in self.results.lrange(key, 0, -1)]

    # Redis, as it is

    def stored(self, task_id, labels=None):
        """A result as it is kept, and for how long."""
        key = f"celery-task-meta-{task_id}"
        value, seconds = self.results.get(key), self.results.ttl(key)
        meta = Masks({task_id: "<1>", **(labels or {})})(json.loads(value)) if value else None
        return {"meta": meta, "seconds": -(-seconds // 100) * 100 if seconds > 0 else seconds}

    def message(self, queue, seconds=8):
        """Takes the next message of a queue that no worker consumes."""
        taken = self.broker.brpop([queue, *(f"{queue}\x06\x16{step}" for step in (3, 6, 9))], timeout=seconds)
        if taken is None:
            return None
        message = json.loads(taken[1])
        body = json.loads(base64.b64decode(message["body"]))
        masks = Masks()
        shown = masks({**message, "body": body})
        shown["properties"]["reply_to"] = "<reply to>" if message["properties"].get("reply_to") else "<none>"
        shown["list"] = taken[0].replace(queue, "<queue>")
        return json.loads(json.dumps(shown).replace(queue, "<queue>"))

    def message_written(self, name, args=(), kwargs=None, queue="celery", headers=(), properties=(), **parts):
        """Publishes an envelope that was written by hand; the id of its task."""
        task_id = self.new_id()
        body = parts.pop("body", json.dumps([list(args), kwargs or {}, {}]))
        envelope = {
            "body": base64.b64encode(body if isinstance(body, bytes) else body.encode()).decode(),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {"lang": "py", "task": name, "id": task_id, **dict(headers)},
            "properties": {
                "delivery_tag": self.new_id(),
                "delivery_info": {"exchange": "", "routing_key": queue},
                "body_encoding": "base64",
                "correlation_id": task_id,
                **dict(properties),
            },
            **parts,
        }
        self.broker.lpush(queue, json.dumps(envelope))
        return task_id

    # Remote control

    def ask(self, method, seconds=REPLY_SECONDS, destination=None, **arguments):
        """The reply of the world's worker, with the shape of what only one process can have."""
        return reply(self.ask_plainly(method, seconds, destination, **arguments))

    def ask_plainly(self, method, seconds=REPLY_SECONDS, destination=None, **arguments):
        node = destination or self.node
        replies = self.app.control.broadcast(method, arguments=arguments, destination=[node], reply=True, limit=1, timeout=seconds)
        return replies[0].get(node, replies) if replies else "(silence)"

    def until(self, method, holds, seconds=8, **arguments):
        """Asks again until the reply fits."""
        deadline = time.monotonic() + seconds
        while True:
            answer = self.ask_plainly(method, **arguments)
            if holds(answer) or time.monotonic() > deadline:
                return reply(answer)
            time.sleep(0.1)

    # Command line

    def celery(self, *arguments, seconds=CLI_SECONDS):
        """`celery -A app …`: exit code and what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "celery", "-A", "app", *arguments],
            capture_output=True,
            text=True,
            timeout=seconds,
            env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        )
        masks = Masks()
        self.last_text = done.stdout
        self.last_output = done.stdout.strip()
        lines = [masks.text(line.rstrip()) for line in done.stdout.splitlines() if line.strip()]
        errors = [masks.text(line.rstrip()) for line in done.stderr.splitlines() if line.strip()]
        return {"exit": done.returncode, "output": lines, "errors": errors[-5:]}
