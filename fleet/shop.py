"""The application of the demo: a company with web hooks, invoices, transcriptions, repositories and reports.

What fails, fails for reasons that one meets in practice. `incident` makes the payment provider unreachable for a while; it is
a key on the broker, so that the demo can switch it on for all workers.
"""

import os
import random
import time
from decimal import Decimal

import redis
from celery import Celery
from celery.exceptions import SoftTimeLimitExceeded

BROKER = os.environ.get("DEMO_BROKER", "redis://127.0.0.1:6379/0")
RESULTS = os.environ.get("DEMO_RESULTS", "redis://127.0.0.1:6379/1")
INCIDENT_KEY = "shop:payment-provider-down"

app = Celery("shop", broker=BROKER, backend=RESULTS)
app.conf.update(
    task_send_sent_event=True,
    task_track_started=True,
    result_extended=True,
    result_expires=6 * 3600,
    broker_connection_retry_on_startup=True,
    worker_prefetch_multiplier=1,
    task_routes={
        "hooks.*": {"queue": "hooks"},
        "mail.*": {"queue": "mail"},
        "billing.*": {"queue": "billing"},
        "media.*": {"queue": "media"},
        "sync.*": {"queue": "sync"},
        "search.*": {"queue": "search"},
        "reports.*": {"queue": "reports"},
    },
)

VAT = {"DE": Decimal("0.19"), "AT": Decimal("0.20"), "FR": Decimal("0.20"), "NL": Decimal("0.21")}


def work(shortest, longest):
    time.sleep(random.uniform(shortest, longest))


def maybe(share):
    return random.random() < share


class ProviderError(Exception):
    """The payment provider answered, but not with what we need."""


class InvoiceError(Exception):
    """An invoice that cannot be made from what we know."""


# Web hooks


@app.task(name="hooks.receive")
def receive(source, event, payload):
    work(0.005, 0.03)
    if "id" not in payload:
        raise KeyError("id")
    return {"accepted": True, "event": f"{source}.{event}"}


@app.task(
    name="hooks.deliver",
    bind=True,
    autoretry_for=(ConnectionError,),
    retry_backoff=2,
    retry_backoff_max=60,
    max_retries=4,
)
def deliver(self, url, event, secret=None):
    work(0.03, 0.25)
    if maybe(0.08):
        raise ConnectionError(f"POST {url}: 503 Service Unavailable")
    return {"status": 204, "attempt": self.request.retries + 1}


# Mail


@app.task(name="mail.send", rate_limit="50/s")
def send(to, template, attachment=None):
    work(0.01, 0.08)
    if to.endswith("@invalid.example"):
        raise ValueError(f"recipient refused: {to}")
    return f"<{random.randrange(16**12):012x}@mail.shop.example>"


@app.task(name="mail.remind", ignore_result=True)
def remind(to, invoice):
    work(0.01, 0.05)


# Billing


def vat_rate(country):
    return VAT[country]


def ask_provider(path):
    if redis.Redis.from_url(BROKER).exists(INCIDENT_KEY):
        raise ConnectionError(f"https://api.payments.example{path}: connect timed out after 3000 ms")
    if maybe(0.03):
        raise ProviderError(f"{path}: unexpected status 'requires_action'")


@app.task(name="billing.calculate")
def calculate(invoice, country, lines):
    work(0.02, 0.1)
    try:
        rate = vat_rate(country)
    except KeyError as error:
        raise InvoiceError(f"invoice {invoice}: no VAT rate for {country}") from error
    net = sum(Decimal(price) * count for price, count in lines)
    return {"invoice": invoice, "net": net, "gross": (net * (1 + rate)).quantize(Decimal("0.01"))}


@app.task(name="billing.render")
def render(totals):
    work(0.1, 0.4)
    return f"/invoices/{totals['invoice']}.pdf"


@app.task(name="billing.charge", bind=True, max_retries=3, acks_late=True)
def charge(self, customer, amount, api_key=None):
    work(0.05, 0.2)
    try:
        ask_provider(f"/v1/charges/{customer}")
    except ConnectionError as error:
        raise self.retry(exc=error, countdown=5 * 2**self.request.retries)
    return {"charged": amount}


# Media


@app.task(name="media.transcribe", soft_time_limit=20)
def transcribe(recording, part, of):
    work(0.3, 1.5)
    if maybe(0.01):
        raise RuntimeError(f"{recording}: part {part} of {of} is silent")
    return " ".join(random.choices(["so", "the", "flowers", "come", "back", "every", "spring", "you", "know"], k=12))


@app.task(name="media.stitch")
def stitch(parts, recording):
    work(0.05, 0.2)
    return {"recording": recording, "words": sum(len(part.split()) for part in parts)}


# Repositories


@app.task(name="sync.repository", bind=True)
def repository(self, name, branch="main"):
    objects = random.randint(40, 900)
    for step in ("counting", "receiving", "resolving"):
        self.update_state(state="PROGRESS", meta={"step": step, "objects": objects})
        work(0.1, 0.6)
    if maybe(0.04):
        raise self.retry(exc=TimeoutError(f"fetch origin/{branch}: early EOF"), countdown=10, max_retries=2)
    return {"repository": name, "head": f"{random.randrange(16**7):07x}", "objects": objects}


# Search


@app.task(name="search.index")
def index(kind, key):
    work(0.005, 0.03)


@app.task(name="search.warm", ignore_result=True)
def warm(query):
    work(0.02, 0.1)


# Reports


@app.task(name="reports.monthly", soft_time_limit=6, time_limit=10)
def monthly(month, account):
    try:
        work(1.5, 5)
        if maybe(0.05):
            time.sleep(10)
    except SoftTimeLimitExceeded as error:
        raise TimeoutError(f"the report of {account} for {month} takes too long") from error
    return f"/reports/{account}/{month}.xlsx"


@app.task(name="reports.export", acks_late=True)
def export(account, rows):
    time.sleep(min(rows / 20_000, 60))
    if rows > 900_000:
        os.abort()  # what an exhausted memory does to a pool process
    return {"account": account, "rows": rows}
