import type { RedbeatSchedule } from "../../lib/wire/celery/redbeat.ts";
import type { TimeZone } from "../../lib/wire/celery/time-zone.ts";
import { type Decoded, decoded, undecodable } from "../../lib/wire/decoded.ts";
import { readCrontab } from "./crontab.ts";
import { nextRelative } from "./interval.ts";

/** From an entry's last run to its next one, both in epoch ms. The next one is always later. */
export type Timetable = (lastRunAt: number) => number;

/**
 * How a schedule goes by the clocks of the application's zone, as in Celery 5.7 (`remaining_estimate`); the reason when it cannot be
 * followed here. In one case Celery is not followed: see `byTheClock`.
 */
export function timetable(schedule: RedbeatSchedule, zone: TimeZone): Decoded<Timetable> {
  switch (schedule.kind) {
    case "interval": {
      const { everyMs, relative } = schedule;
      if (everyMs <= 0) return undecodable("an interval is longer than nothing");
      return decoded((lastRunAt) => (relative ? nextRelative(everyMs, lastRunAt, zone) : lastRunAt + everyMs));
    }
    case "crontab": {
      const next = readCrontab(schedule);
      return next.ok ? decoded((lastRunAt) => byTheClock(next.value, lastRunAt, zone)) : next;
    }
    case "rrule":
      return undecodable("recurrence rules (rrule) are not followed by this beat: use an interval or a crontab");
    case "other":
      return undecodable(
        schedule.type === "solar"
          ? "solar schedules need the position of the sun, which this beat does not know: use a crontab"
          : "its type of schedule is unknown: use an interval or a crontab",
      );
  }
}

/**
 * Celery looks for the next wall time after the one of the last run, and reads it as the first of two times when it is shown twice.
 * So in the hour that clocks are set back an entry rests, or, when it happens to run in the hour's second half, is due again at once and
 * without end until that hour is over (seen with 5.7.0). Then the second of the two times is meant here.
 */
function byTheClock(next: (wallAt: number) => number, lastRunAt: number, zone: TimeZone): number {
  const wallAt = next(zone.wallAt(lastRunAt));
  const at = zone.timeAt(wallAt);
  return at > lastRunAt ? at : zone.timeAt(wallAt, 1);
}
