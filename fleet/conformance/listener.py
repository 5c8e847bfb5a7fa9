"""Hears everything that workers publish: events by task and by node, and results as they are written."""

import base64
import json
import threading
import time
from collections import defaultdict

import redis

META = "celery-task-meta-"
LOOK_SECONDS = 0.03


class Listener:
    def __init__(self, broker_url, results_url):
        database = broker_url.rpartition("/")[2]
        self.lock = threading.Lock()
        self.by_task = defaultdict(list)
        self.by_node = defaultdict(list)
        self.metas = defaultdict(list)
        self.relatives = defaultdict(set)  # tasks by their root and by their parent
        self.heard_at = {}
        self.pubsub = redis.Redis.from_url(broker_url, socket_timeout=None).pubsub(ignore_subscribe_messages=True)
        self.pubsub.psubscribe(f"/{database}.celeryev/*", f"{META}*")
        self.results = redis.Redis.from_url(results_url)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for message in self.pubsub.listen():
            channel, data = message["channel"].decode(), message["data"]
            with self.lock:
                if channel.startswith(META):
                    task_id = channel[len(META) :]
                    self.metas[task_id].append(data)
                    self.heard_at[task_id] = time.monotonic()
                else:
                    self.hear(channel, json.loads(data))

    def hear(self, channel, envelope):
        routing_key = channel.partition("/celeryev/")[2] or channel.rpartition("/")[2]
        body = json.loads(base64.b64decode(envelope["body"]))
        for event in body if isinstance(body, list) else [body]:
            event["(routing key)"] = routing_key
            if task_id := event.get("uuid"):
                self.by_task[task_id].append(event)
                self.heard_at[task_id] = time.monotonic()
                for relative in (event.get("root_id"), event.get("parent_id")):
                    if relative and relative != task_id:
                        self.relatives[relative].add(task_id)
            else:
                self.by_node[event.get("hostname")].append(event)

    def wait_for(self, condition, seconds):
        """Whether it came true in time."""
        deadline = time.monotonic() + seconds
        while True:
            with self.lock:
                answer = condition()
            if answer or time.monotonic() > deadline:
                return answer
            time.sleep(LOOK_SECONDS)
