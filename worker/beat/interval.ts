import type { TimeZone } from "../../lib/wire/celery/time-zone.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/**
 * When a relative interval is due after a run: when the zone's clocks showed a full day, hour, minute or second last (the longest of
 * them that the interval holds), not later than a whole interval after the run, and never before it. That is Celery's rule since
 * 5.7 (`celery.utils.time.remaining`): days are those of the calendar, shorter intervals are elapsed time.
 */
export function nextRelative(everyMs: number, lastRunAt: number, zone: TimeZone): number {
  const wallEndAt = zone.wallAt(lastRunAt) + everyMs;
  if (everyMs >= DAY_MS) {
    return earliest(after(lastRunAt, shownAs(full(wallEndAt, DAY_MS), zone))) ?? zone.timeAt(wallEndAt);
  }
  const unitMs = [HOUR_MS, MINUTE_MS].find((unit) => everyMs >= unit) ?? SECOND_MS;
  const endAt = lastRunAt + everyMs;
  const shown = shownAs(full(zone.wallAt(endAt), unitMs), zone);
  const dueAt = latest(until(endAt, shown)) ?? earliest(shown) ?? endAt;
  if (dueAt > lastRunAt) return dueAt;
  // Clocks that were set back by less than the unit meanwhile show the last full one before the run.
  const others = [...shownAs(full(zone.wallAt(endAt) + unitMs, unitMs), zone), ...shownAs(full(wallEndAt, unitMs), zone)];
  const later = after(lastRunAt, [...shown, ...others]);
  return latest(until(endAt, later)) ?? earliest(later) ?? endAt;
}

function full(wallAt: number, unitMs: number): number {
  return Math.floor(wallAt / unitMs) * unitMs;
}

/** When the clocks show a wall time, which may be twice. One that they leave out is as long after the jump as it would have been. */
function shownAs(wallAt: number, zone: TimeZone): number[] {
  const [first, second] = [zone.timeAt(wallAt, 0), zone.timeAt(wallAt, 1)];
  return zone.wallAt(second) === wallAt ? [first, second] : [first];
}

function after(at: number, times: readonly number[]): number[] {
  return times.filter((time) => time > at);
}

function until(at: number, times: readonly number[]): number[] {
  return times.filter((time) => time <= at);
}

function earliest(times: readonly number[]): number | undefined {
  return times.length > 0 ? Math.min(...times) : undefined;
}

function latest(times: readonly number[]): number | undefined {
  return times.length > 0 ? Math.max(...times) : undefined;
}
