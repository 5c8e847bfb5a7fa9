"""Asks Celery when schedules are due, over many random ones, and writes its answers down, one schedule a line:

    .tools/python/celery-5.7/bin/python fleet/schedules.py > worker/beat/fixtures/celery-5.7.0.jsonl

    ["crontab", [minute, hour, day_of_week, day_of_month, month_of_year], zone, runs]
    ["interval", [seconds, relative], zone, runs]
    ["refused", [minute, hour, day_of_week, day_of_month, month_of_year]]

A run is [last run (epoch ms), next run - last run, now - last run, due at that now (0 or 1), ms until the next look]. Half of the last runs
are within a day of a change of the zone's clocks.
"""

import json
import random
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from celery import Celery
from celery.schedules import crontab, schedule

SEED = 5_7_0
CRONTABS, INTERVALS, REFUSED, RUNS = 420, 120, 120, 7
ZONES = """UTC Europe/Berlin Europe/London America/New_York America/St_Johns America/Santiago America/Havana Australia/Lord_Howe
America/Denver Asia/Kolkata Pacific/Chatham Atlantic/Azores""".split()
FIRST, LAST = datetime(2020, 1, 1, tzinfo=timezone.utc), datetime(2034, 1, 1, tzinfo=timezone.utc)
HOUR, DAY = 3_600_000, 86_400_000

chance = random.Random(SEED)
MINUTE_FIELD, HOUR_FIELD, WEEKDAY, MONTHDAY, MONTH = (0, 59, ()), (0, 23, ()), (0, 6, "sun mon tue wed thu fri sat".split()), (1, 31, ()), (
    1,
    12,
    "jan feb mar apr may jun jul aug sep oct nov dec".split(),
)
NONSENSE = ["", "60", "-1", "7", "13", "*/0", "*/", "a", "1-", "5,", "1.5", "*/x", "*5", "*-3", "monday-", "1//2", "?", "L", "0-99", " ", "3-1/0"]


def number(least, most, names):
    value = chance.randint(least, most)
    return chance.choice([names[value - least], names[value - least].title()]) if names and chance.random() < 0.4 else str(value)


def part(field):
    least, most, _ = field
    kind = chance.random()
    if kind < 0.4:
        return number(*field)
    if kind < 0.75:
        text = f"{number(*field)}-{number(*field)}"
        return f"{text}/{chance.randint(1, 7)}" if chance.random() < 0.4 else text
    return f"*/{chance.randint(1, most)}"


def text(field, stars):
    if chance.random() < stars:
        return "*"
    return ",".join(part(field) for _ in range(chance.choice([1, 1, 1, 2, 3])))


def fields():
    return [text(MINUTE_FIELD, 0.1), text(HOUR_FIELD, 0.4), text(WEEKDAY, 0.6), text(MONTHDAY, 0.6), text(MONTH, 0.75)]


def ms(moment):
    return round((moment - datetime(1970, 1, 1, tzinfo=timezone.utc)) / timedelta(milliseconds=1))


def moment(at, zone):
    return (datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=at)).astimezone(zone)


def changes(zone):
    """When the clocks of a zone change, to the minute."""
    found, at = [], FIRST
    while at < LAST:
        low, high = at, at + timedelta(days=1)
        if low.astimezone(zone).utcoffset() != high.astimezone(zone).utcoffset():
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) / 2
                if middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset():
                    low = middle
                else:
                    high = middle
            found.append(ms(high))
        at += timedelta(days=1)
    return found


CHANGES = {name: changes(ZoneInfo(name)) for name in ZONES}


def some_time(zone_name):
    near = CHANGES[zone_name]
    if near and chance.random() < 0.5:
        return chance.choice(near) + chance.randint(-DAY, DAY) // chance.choice([1, 8, 24])
    return chance.randint(ms(FIRST), ms(LAST))


def runs(make, zone_name):
    zone = ZoneInfo(zone_name)
    app = Celery(set_as_current=False)
    app.conf.update(timezone=zone_name, enable_utc=True)
    for _ in range(RUNS):
        last = some_time(zone_name)
        now = last + chance.choice([chance.randint(0, 2 * HOUR), chance.randint(0, 40 * DAY)])
        asked = make(nowfun=lambda: moment(now, zone), app=app)
        remaining = asked.remaining_estimate(moment(last, zone)) / timedelta(milliseconds=1)
        due = asked.is_due(moment(last, zone))
        yield [last, round(now + remaining) - last, now - last, int(due.is_due), round(due.next * 1000)]


def write(*line):
    print(json.dumps(line, separators=(",", ":")))


def main():
    for _ in range(CRONTABS):
        spec, zone = fields(), chance.choice(ZONES)
        try:
            crontab(*spec)
        except Exception:
            write("refused", spec)
            continue
        write("crontab", spec, zone, list(runs(lambda **how: crontab(*spec, **how), zone)))
    for spec in (["0", "0", "sun", "29", "feb"], ["*", "*", "*", "*", "*"], ["30", "2", "*", "*", "*"], ["*/5", "*", "*", "*", "*"]):
        for zone in ZONES:
            write("crontab", spec, zone, list(runs(lambda **how: crontab(*spec, **how), zone)))
    for _ in range(INTERVALS):
        every = chance.choice([0.25, 1, 7.5, 30, 60, 90, 600, 1800, 3600, 5400, 7200, 86400, 90000, 172800, 604800])
        relative, zone = chance.random() < 0.7 and every >= 1, chance.choice(ZONES)
        write("interval", [every, relative], zone, list(runs(lambda **how: schedule(every, relative=relative, **how), zone)))
    for _ in range(REFUSED):
        spec = fields()
        spec[chance.randrange(5)] = chance.choice(NONSENSE)
        try:
            crontab(*spec)
        except Exception:
            write("refused", spec)


main()
