"""An application whose schedule RedBeat keeps in Redis.

    python fleet/beat.py save < entries.json    each {name, task, every or crontab, args, kwargs, options, enabled, lastRunAt, totalRunCount}
    python fleet/beat.py show                   what Python reads of every entry that is in the schedule
    python fleet/beat.py run                    a beat, until it is ended

From the environment: FLEET_BROKER, FLEET_ZONE (UTC), FLEET_SCHEDULE (JSON of entries that come from the settings, as for `save`),
FLEET_INTERVAL (longest pause, seconds) and FLEET_LOCK (how long its lock lives, seconds). Times are epoch seconds.
"""

import json
import os
import sys
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from celery import Celery
from celery.schedules import crontab, schedule
from redbeat import RedBeatSchedulerEntry
from redbeat.decoder import RedBeatJSONEncoder
from redbeat.schedulers import get_redis

ZONE = os.environ.get("FLEET_ZONE", "UTC")


def schedule_of(entry):
    if "crontab" in entry:
        return crontab(**entry["crontab"])
    return schedule(entry["every"], relative=entry.get("relative", False))


def setting(entry):
    return {
        "task": entry["task"],
        "schedule": schedule_of(entry),
        "args": entry.get("args", []),
        "kwargs": entry.get("kwargs", {}),
        "options": entry.get("options", {}),
    }


app = Celery(broker=os.environ["FLEET_BROKER"])
app.conf.update(
    timezone=ZONE,
    redbeat_redis_url=os.environ["FLEET_BROKER"],
    redbeat_redis_options={},
    beat_max_loop_interval=float(os.environ.get("FLEET_INTERVAL", "1")),
    redbeat_lock_timeout=int(os.environ.get("FLEET_LOCK", "5")),
    beat_schedule={entry["name"]: setting(entry) for entry in json.loads(os.environ.get("FLEET_SCHEDULE", "[]"))},
)


def save(entries):
    for entry in entries:
        last = entry.get("lastRunAt")
        saved = RedBeatSchedulerEntry(
            name=entry["name"],
            enabled=entry.get("enabled", True),
            last_run_at=None if last is None else datetime.fromtimestamp(last, ZoneInfo(ZONE)),
            app=app,
            **setting(entry),
        ).save()
        if "totalRunCount" in entry:
            meta = {"last_run_at": saved.last_run_at, "total_run_count": entry["totalRunCount"]}
            get_redis(app).hset(saved.key, "meta", json.dumps(meta, cls=RedBeatJSONEncoder))


def shown(key, score):
    entry = RedBeatSchedulerEntry.from_key(key, app=app)
    now = app.now()
    entry.schedule.nowfun = lambda: now
    last = entry.last_run_at
    return {
        "name": entry.name,
        "task": entry.task,
        "args": entry.args,
        "kwargs": entry.kwargs,
        "options": entry.options,
        "schedule": repr(entry.schedule),
        "enabled": entry.enabled,
        "score": score,
        "lastRunAt": None if last is None else last.timestamp(),
        "totalRunCount": entry.total_run_count,
        # RedBeat's own `due_at` is only right in the moment of the run: it adds what remains from now to the last run.
        "nextRunAt": None if last is None else (now + entry.schedule.remaining_estimate(last)).astimezone(timezone.utc).timestamp(),
    }


def main(do):
    if do == "save":
        save(json.load(sys.stdin))
    elif do == "show":
        json.dump([shown(*item) for item in get_redis(app).zrange("redbeat::schedule", 0, -1, withscores=True)], sys.stdout)
    elif do == "run":
        app.Beat(scheduler="redbeat.RedBeatScheduler", loglevel="INFO").run()
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])
