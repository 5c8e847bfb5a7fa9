import { floatValue } from "../python/number.ts";
import { type Value, dict, get, isTagged } from "../python/value.ts";
import { formatTime, parseTime } from "./time.ts";
import { type TimeZone, timeZone } from "./time-zone.ts";
import { isDict, numberOf, textOf } from "./value-fields.ts";

/**
 * Epoch ms of RedBeat's own form of a time (2.4): the parts that a clock shows, and its zone as a name or as seconds east of UTC.
 * Null when it is none. Of two times that one wall time has it is the first, because the form has no fold and Python reads 0.
 */
export function decodeRedbeatTime(value: Value | undefined): number | null {
  if (textOf(get(value, "__type__")) !== "datetime") return null;
  const parts = PARTS.map(([name, least, most]) => within(numberOf(get(value, name) ?? least), least, most));
  const [year, month, day, hour, minute, second, microsecond] = parts;
  if (year == null || month == null || day == null || hour == null || minute == null || second == null || microsecond == null) return null;
  const wallAt = Date.UTC(year, month - 1, day, hour, minute, second) + microsecond / 1000;
  const zone = get(value, "timezone");
  const eastSeconds = within(numberOf(zone), -86_400, 86_400);
  if (eastSeconds !== null) return wallAt - eastSeconds * 1000;
  return timeZone(textOf(zone) ?? "UTC")?.timeAt(wallAt) ?? null;
}

/** What Python allows; a part that is missing is the least. */
const PARTS: [name: string, least: number, most: number][] = [
  ["year", 1, 9999],
  ["month", 1, 12],
  ["day", 1, 31],
  ["hour", 0, 23],
  ["minute", 0, 59],
  ["second", 0, 59],
  ["microsecond", 0, 999_999],
];

function within(number: number | null, least: number, most: number): number | null {
  return number !== null && number >= least && number <= most ? number : null;
}

/**
 * The form as RedBeat writes it: by the clocks of a zone, and with its name. In an hour that is shown twice the name would be read
 * as the first of them, and every interval would be due at once: there the zone is its offset, which RedBeat reads as well.
 */
export function redbeatTime(at: number, zone: TimeZone): Value {
  const wallAt = zone.wallAt(at);
  const second = new Date(Math.floor(wallAt / 1000) * 1000);
  return dict([
    ["__type__", "datetime"],
    ["year", second.getUTCFullYear()],
    ["month", second.getUTCMonth() + 1],
    ["day", second.getUTCDate()],
    ["hour", second.getUTCHours()],
    ["minute", second.getUTCMinutes()],
    ["second", second.getUTCSeconds()],
    ["microsecond", Math.min(Math.round((wallAt - second.getTime()) * 1000), 999_999)],
    ["timezone", zone.timeAt(wallAt) === at ? zone.name : floatValue((wallAt - at) / 1000)],
  ]);
}

/** A value of RedBeat's JSON with its times, at any depth, as Python's: so the task receives them. */
export function fromRedbeatTypes(value: Value): Value {
  const at = decodeRedbeatTime(value);
  return at === null ? mapInside(value, fromRedbeatTypes) : { $: "datetime", text: formatTime(at) };
}

/** The other way round, in UTC. Kombu's own form of a time would stop a Python beat. */
export function toRedbeatTypes(value: Value): Value {
  const isTime = isTagged(value) && value.$ === "datetime";
  const at = isTime ? parseTime(value.text) : null;
  return at === null ? mapInside(value, toRedbeatTypes) : redbeatTime(at, UTC);
}

const UTC: TimeZone = { name: "UTC", wallAt: (at) => at, timeAt: (wallAt) => wallAt };

function mapInside(value: Value, map: (inner: Value) => Value): Value {
  if (Array.isArray(value)) return value.map(map);
  return isDict(value) ? dict(value.items.map(([key, item]) => [key, map(item)] as const)) : value;
}
