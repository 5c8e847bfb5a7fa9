"""A small company's Celery traffic for a demonstration, until SIGTERM or SIGINT.

    python demo.py --broker redis://… --results redis://… [--tasks-per-second 12] [--logs FOLDER]

Runs its own workers with this Python. The pace swells and ebbs within a few minutes; now and then the payment provider is
down for a while, and somebody cancels an export.
"""

import argparse
import math
import os
import random
import signal
import subprocess
import sys
import threading
import time
from decimal import Decimal
from pathlib import Path

from worker import die_with_parent

WORKERS = (
    ("web-1", "hooks,mail,search", "prefork", 3),
    ("billing-1", "billing,mail", "prefork", 2),
    ("media-1", "media", "prefork", 2),
    ("sync-1", "sync", "threads", 4),
    ("reports-1", "reports", "prefork", 1),
)
SWELL_S = 240
INCIDENT_EVERY_S = 300
INCIDENT_S = 45
WARM_STOP_S = 8

CUSTOMERS = ("amaryllis", "begonia", "camellia", "dahlia", "edelweiss", "foxglove", "gentian", "hellebore", "iris", "jasmine")
RECORDINGS = ("standup", "interview", "board-meeting", "podcast", "support-call")
REPOSITORIES = ("shop/web", "shop/api", "shop/infra", "garden/planner", "garden/sensors")


def parse(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--broker", default="redis://127.0.0.1:6379/0")
    parser.add_argument("--results", default="redis://127.0.0.1:6379/1")
    parser.add_argument("--tasks-per-second", type=float, default=12)
    parser.add_argument("--logs", default=os.devnull, help="folder for the workers' logs")
    return parser.parse_args(arguments)


class Company:
    """What happens in it. Each method is one story and sends the tasks of it."""

    def __init__(self, shop, seed=None):
        self.shop = shop
        self.rng = random.Random(seed)
        self.number = int(time.time()) % 100_000
        self.exports = []

    def next_number(self):
        self.number += 1
        return self.number

    def customer(self):
        return self.rng.choice(CUSTOMERS)

    def mail_of(self, customer):
        return f"{customer}@{'invalid' if self.rng.random() < 0.06 else 'customers'}.example"

    def web_hook(self):
        payload = {"id": f"evt_{self.next_number()}", "livemode": True} if self.rng.random() < 0.99 else {"livemode": False}
        follow = self.shop.deliver.si(f"https://{self.customer()}.example/hooks", "order.paid", secret=f"whsec_{self.number:08x}")
        self.shop.receive.apply_async(("payments", "order.paid", payload), link=follow)

    def invoice(self):
        customer, number = self.customer(), f"2026-{self.next_number()}"
        country = self.rng.choice(("DE",) * 8 + ("AT", "FR", "NL", "XK"))
        lines = [[str(Decimal(self.rng.randint(199, 9_999)) / 100), self.rng.randint(1, 5)] for _ in range(self.rng.randint(1, 4))]
        steps = self.shop.calculate.s(number, country, lines) | self.shop.render.s() | self.shop.send.si(self.mail_of(customer), "invoice")
        steps.apply_async()
        self.shop.charge.apply_async((customer, self.rng.randint(500, 50_000)), {"api_key": "sk_demo_51HxQ0"})
        self.shop.remind.apply_async((self.mail_of(customer), number), countdown=self.rng.uniform(20, 120))

    def transcription(self):
        from celery import chord

        recording, parts = f"{self.rng.choice(RECORDINGS)}-{self.next_number()}.ogg", self.rng.randint(2, 5)
        chord([self.shop.transcribe.s(recording, part + 1, parts) for part in range(parts)], self.shop.stitch.s(recording)).apply_async()

    def push(self):
        self.shop.repository.apply_async((self.rng.choice(REPOSITORIES),), {"branch": self.rng.choice(("main", "main", "feature/tulips"))})

    def search(self):
        for _ in range(self.rng.randint(1, 3)):
            self.shop.index.apply_async(("article", self.next_number()), priority=self.rng.choice((0, 3, 6, 9)))
        self.shop.warm.apply_async((f"{self.customer()} bulbs",), expires=10)

    def report(self):
        self.shop.monthly.apply_async((f"2026-{self.rng.randint(1, 10):02}", self.customer()))

    def export(self):
        rows = self.rng.choice((20_000, 60_000, 60_000, 950_000))
        self.exports.append(self.shop.export.apply_async((self.customer(), rows)).id)

    def cancelled_export(self):
        if self.exports:
            self.shop.app.control.revoke(self.exports.pop(), terminate=True)


# Share of each story, and about how many tasks it sends.
STORIES = (
    (Company.web_hook, 30, 2),
    (Company.invoice, 9, 5),
    (Company.transcription, 3, 4.5),
    (Company.push, 12, 1),
    (Company.search, 16, 3),
    (Company.report, 1.2, 1),
    (Company.export, 0.4, 1),
    (Company.cancelled_export, 0.1, 0),
)
TASKS_PER_STORY = sum(weight * tasks for _, weight, tasks in STORIES) / sum(weight for _, weight, _ in STORIES)


def start_workers(options, environment):
    workers = []
    for name, queues, pool, concurrency in WORKERS:
        command = [sys.executable, "-m", "celery", "-A", "shop", "worker", "-n", f"{name}@shop", "-Q", queues]
        command += ["-P", pool, "-c", str(concurrency), "-E", "-l", "INFO"]
        path = options.logs if options.logs == os.devnull else os.path.join(options.logs, f"{name}.log")
        with open(path, "ab") as log:
            workers.append(
                subprocess.Popen(
                    command,
                    cwd=Path(__file__).parent,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=die_with_parent,
                )
            )
    return workers


def stop_workers(workers):
    for worker in workers:
        worker.terminate()
    deadline = time.monotonic() + WARM_STOP_S
    for worker in workers:
        try:
            worker.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(worker.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        worker.wait()


def swell_at(elapsed):
    return 1 + 0.6 * math.sin(2 * math.pi * elapsed / SWELL_S)


def trade(company, pace, broker, key, closing: threading.Event):
    """Sends stories until closing time, about `pace` tasks a second."""
    started = time.monotonic()
    incident_at = started + INCIDENT_EVERY_S / 3
    stories, weights = [story for story, *_ in STORIES], [weight for _, weight, _ in STORIES]
    now = started
    while not closing.wait(company.rng.expovariate(pace * swell_at(now - started) / TASKS_PER_STORY)):
        now = time.monotonic()
        company.rng.choices(stories, weights)[0](company)
        if now > incident_at:
            broker.set(key, 1, ex=INCIDENT_S)
            incident_at = now + INCIDENT_EVERY_S


def main():
    options = parse(sys.argv[1:])
    environment = {**os.environ, "DEMO_BROKER": options.broker, "DEMO_RESULTS": options.results, "PYTHONDONTWRITEBYTECODE": "1"}
    os.environ.update(environment)

    import redis
    import shop

    closing = threading.Event()  # an exception in the middle of a publish would leave Celery's client in pieces
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: closing.set())
    workers = start_workers(options, environment)
    try:
        trade(Company(shop), options.tasks_per_second, redis.Redis.from_url(options.broker), shop.INCIDENT_KEY, closing)
    finally:
        stop_workers(workers)
    # Celery's client keeps results of chords, which complain when Python takes them apart.
    os._exit(0)


if __name__ == "__main__":
    main()
