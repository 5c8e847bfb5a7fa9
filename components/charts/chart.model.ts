import type { Series, SeriesPoint } from "../../lib/contract/series.ts";
import { formatClock, formatDay } from "../time/time.model.ts";

/** A bucket without its numbers is a gap: nothing was recorded, which is not the same as nothing happened. */
export type Bucket = { at: number; open: boolean } & { [Field in Exclude<keyof SeriesPoint, "at">]: number | null };

const NO_POINT: Omit<Bucket, "at" | "open"> = {
  sent: null,
  received: null,
  started: null,
  succeeded: null,
  failed: null,
  retried: null,
  revoked: null,
  rejected: null,
  waitP50Ms: null,
  waitP95Ms: null,
  waitP99Ms: null,
  runP50Ms: null,
  runP95Ms: null,
  runP99Ms: null,
};

/** More buckets than a chart has pixels for are not drawn. */
const MOST_BUCKETS = 2_000;

/** Every bucket of the span in order, those without a point as gaps; the last one is `open` while it still fills. */
export function bucketsOf({ bucketMs, from, to, points }: Series): Bucket[] {
  const byAt = new Map(points.map((point) => [point.at, point]));
  const [first, last] = [points[0]?.at, points.at(-1)?.at];
  if (first === undefined || last === undefined || bucketMs <= 0) return [];
  const begin = first - Math.max(0, Math.floor((first - from) / bucketMs)) * bucketMs;
  const end = Math.max(last, Math.floor((to - 1 - first) / bucketMs) * bucketMs + first);
  if ((end - begin) / bucketMs > MOST_BUCKETS) return points.map((point) => ({ ...point, open: point.at + bucketMs > to }));
  return Array.from({ length: Math.round((end - begin) / bucketMs) + 1 }, (_, index) => {
    const at = begin + index * bucketMs;
    return { ...NO_POINT, ...byAt.get(at), at, open: at + bucketMs > to };
  });
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
];

/** At most `most` buckets that begin at a round time of the reader's zone, for the marks of the axis. */
export function ticksOf(buckets: readonly Bucket[], most: number, zone: string): number[] {
  const [first, last] = [buckets[0]?.at, buckets.at(-1)?.at];
  if (first === undefined || last === undefined) return [];
  const offset = zoneOffset(first, zone);
  for (const step of STEPS) {
    if ((last - first) / step > most) continue;
    const ticks = buckets.filter(({ at }) => (at + offset) % step === 0).map(({ at }) => at);
    if (ticks.length > 0) return ticks;
  }
  return [first];
}

/** What a mark says: the time, or the day at midnight. */
export function tickLabel(at: number, now: number, zone: string): string {
  const time = formatClock(at, at, zone, "minute");
  return time === "00:00" ? formatDay(at, now, zone) : time;
}

/** How far the clock on the wall is ahead of UTC at a moment, ms. */
function zoneOffset(at: number, zone: string): number {
  const [day, month, year, hour, minute] = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  })
    .format(at)
    .split(/\D+/)
    .map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute) - Math.floor(at / MINUTE) * MINUTE;
}

/** What was dragged over, whichever way: the begin of the first bucket and the end of the last. */
export function dragged(a: number, b: number, bucketMs: number): { from: number; to: number } {
  return { from: Math.min(a, b), to: Math.max(a, b) + bucketMs };
}

export type Ended = "succeeded" | "revoked" | "rejected" | "retried" | "failed";

/** From the bottom of the stack to its top, where trouble can be seen at the edge. */
export const ENDED = ["succeeded", "revoked", "rejected", "retried", "failed"] as const satisfies readonly Ended[];

/**
 * How far each label at the end of its line must rise so that no two overlap, as a share of the plot's height; `gap` is
 * the height of a label as such a share, `values` are where the lines end, `top` the value at the top of the plot.
 */
export function labelRises(values: readonly number[], top: number, gap: number): number[] {
  const rises = values.map(() => 0);
  let free = -Infinity;
  for (const index of [...values.keys()].toSorted((a, b) => (values[a] ?? 0) - (values[b] ?? 0))) {
    const at = top > 0 ? (values[index] ?? 0) / top : 0;
    const to = Math.max(at, free);
    rises[index] = to - at;
    free = to + gap;
  }
  return rises;
}
