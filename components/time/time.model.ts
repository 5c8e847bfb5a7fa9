import type { Quantity } from "../ui/number.model.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A duration with two to three digits that mean something: `840 ms`, `6.1 s`, `6m 02s`, `3h 12m`, `2d 4h`. */
export function formatDuration(ms: number): string {
  const { digits, unit } = durationOf(ms);
  return unit === "" ? digits : `${digits} ${unit}`;
}

/** The same as parts. From a minute on there are two units, and they stay among the digits. */
export function durationOf(ms: number): Quantity {
  const size = Math.abs(ms);
  const sign = ms < 0 ? "−" : "";
  if (size < 9.95) return { digits: sign + trim(size.toFixed(1)), unit: "ms" };
  if (size < 999.5) return { digits: sign + size.toFixed(0), unit: "ms" };
  if (size < 9_950) return { digits: sign + (size / SECOND).toFixed(1), unit: "s" };
  if (size < 59_500) return { digits: sign + (size / SECOND).toFixed(0), unit: "s" };
  const [big, bigUnit, small, smallUnit] = split(size);
  return { digits: `${sign}${big}${bigUnit} ${String(small).padStart(2, "0")}${smallUnit}`, unit: "" };
}

function split(ms: number): [number, string, number, string] {
  const seconds = Math.round(ms / SECOND);
  if (seconds < 3_600) return [Math.floor(seconds / 60), "m", seconds % 60, "s"];
  const minutes = Math.round(ms / MINUTE);
  if (minutes < 1_440) return [Math.floor(minutes / 60), "h", minutes % 60, "m"];
  const hours = Math.round(ms / HOUR);
  return [Math.floor(hours / 24), "d", hours % 24, "h"];
}

function trim(text: string): string {
  return text.replace(/\.0$/, "");
}

/** How long ago, in one unit, never finer than a second, so that a column of ages does not tick more than it must. */
export function formatAge(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.floor(ms / SECOND))} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} m`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} d`;
}

export type ClockDetail = "minute" | "second" | "millisecond";

/** The time of day in a zone; with the date before it where the day is not the one of `now`. */
export function formatClock(at: number, now: number, zone: string, detail: ClockDetail = "second"): string {
  if (!isMoment(at)) return formatIso(at);
  const time = timeOfDay(at, zone, detail);
  return dayOf(at, zone) === dayOf(now, zone) ? time : `${formatDay(at, now, zone)} ${time}`;
}

function timeOfDay(at: number, zone: string, detail: ClockDetail): string {
  const text = formatter(zone, "time").format(at);
  if (detail === "minute") return text.slice(0, 5);
  if (detail === "second") return text;
  return `${text}.${String(Math.floor(((at % SECOND) + SECOND) % SECOND)).padStart(3, "0")}`;
}

/** `21 Nov`, and the year where it is another. */
export function formatDay(at: number, now: number, zone: string): string {
  const [year, month, day] = dayOf(at, zone).split("-");
  const name = MONTHS[Number(month) - 1] ?? "";
  const text = `${Number(day)} ${name}`;
  return year === dayOf(now, zone).slice(0, 4) ? text : `${text} ${year}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

function dayOf(at: number, zone: string): string {
  return formatter(zone, "day").format(at);
}

/** ISO 8601 in UTC; the text itself where the moment is outside of what a date can hold. */
export function formatIso(at: number): string {
  return isMoment(at) ? new Date(at).toISOString() : String(at);
}

/** Whether a date can hold it: brokers say any number. */
function isMoment(at: number): boolean {
  return Math.abs(at) <= 8.64e15;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string, kind: "time" | "day"): Intl.DateTimeFormat {
  const key = `${kind} ${zone}`;
  const known = formatters.get(key);
  if (known) return known;
  const made =
    kind === "time"
      ? new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" })
      : new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
  formatters.set(key, made);
  return made;
}

/** Whether the runtime knows the zone; cookies say anything. */
export function isZone(zone: string | undefined): zone is string {
  if (zone === undefined || zone === "") return false;
  try {
    new Intl.DateTimeFormat("en-GB", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
