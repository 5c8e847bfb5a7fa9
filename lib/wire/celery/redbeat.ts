import { type Decoded, decoded, undecodable } from "../decoded.ts";
import { type Value, dict, get } from "../python/value.ts";
import { decodeJson, encodeKombuJson } from "../serialize/json.ts";
import { decodeRedbeatTime, fromRedbeatTypes } from "./redbeat-time.ts";
import { secondsToMs } from "./time.ts";
import { booleanOf, entriesOf, isDict, listOf, numberOf, textOf } from "./value-fields.ts";

/** An entry of RedBeat's schedule (2.4): the fields `definition` and `meta` of the hash `redbeat:<name>`. */
export type RedbeatEntry = {
  name: string;
  task: string;
  args: Value;
  kwargs: Value;
  /** Options of `apply_async`, as they are. */
  options: Value;
  queue: string | null;
  schedule: RedbeatSchedule;
  enabled: boolean;
  lastRunAt: number | null;
  /** Null until the first run. */
  totalRunCount: number | null;
};

export type RedbeatSchedule =
  | { kind: "interval"; everyMs: number; relative: boolean }
  /** The fields as they were written: `*`, a slash with a step, `mon-fri`. A number is its digits, a list has commas. */
  | { kind: "crontab"; minute: string; hour: string; dayOfWeek: string; dayOfMonth: string; monthOfYear: string }
  | {
      kind: "rrule";
      freq: RruleFrequency;
      interval: number;
      count: number | null;
      startAt: number | null;
      untilAt: number | null;
      rule: Value;
    }
  /** A type of schedule that RedBeat itself does not have. */
  | { kind: "other"; type: string; definition: Value };

const FREQUENCIES = ["yearly", "monthly", "weekly", "daily", "hourly", "minutely", "secondly"] as const;

export type RruleFrequency = (typeof FREQUENCIES)[number];

/** `meta` is null when the hash has no such field. */
export function decodeRedbeatEntry(definition: string, meta: string | null): Decoded<RedbeatEntry> {
  const json = decodeJson(definition);
  if (!json.ok) return undecodable(`the definition of a schedule entry is ${json.reason}`);
  const name = textOf(get(json.value, "name"));
  const task = textOf(get(json.value, "task"));
  if (name === null || task === null) return undecodable("the definition of a schedule entry has no name or no task");
  const schedule = readSchedule(get(json.value, "schedule") ?? null);
  if (schedule === null) return undecodable(`the schedule of the entry ${JSON.stringify(name.slice(0, 100))} cannot be read`);
  const runs = meta === null ? decoded({ lastRunAt: null, totalRunCount: null }) : decodeRedbeatMeta(meta);
  if (!runs.ok) return runs;
  const options = fromRedbeatTypes(get(json.value, "options") ?? null);
  return decoded({
    name,
    task,
    args: fromRedbeatTypes(get(json.value, "args") ?? []),
    kwargs: fromRedbeatTypes(get(json.value, "kwargs") ?? dict([])),
    options,
    queue: textOf(get(options, "queue")),
    schedule,
    enabled: booleanOf(get(json.value, "enabled")) ?? true,
    ...runs.value,
  });
}

export type RedbeatMeta = { lastRunAt: number | null; totalRunCount: number | null };

export function decodeRedbeatMeta(meta: string): Decoded<RedbeatMeta> {
  const json = decodeJson(meta);
  if (!json.ok) return undecodable(`the meta of a schedule entry is ${json.reason}`);
  return decoded({
    lastRunAt: decodeRedbeatTime(get(json.value, "last_run_at")),
    totalRunCount: numberOf(get(json.value, "total_run_count")),
  });
}

/**
 * The field `meta` that makes RedBeat run the entry at its next tick, together with a score of now in the schedule. The
 * score alone does nothing: beat decides by `last_run_at`.
 */
export function encodeRunNowMeta(totalRunCount: number | null): string {
  return `{"last_run_at": null, "total_run_count": ${Math.max(0, Math.trunc(totalRunCount ?? 0))}}`;
}

/** The field `definition` with the entry switched on or off and everything else as it was. */
export function encodeRedbeatEnabled(definition: string, enabled: boolean): Decoded<string> {
  const json = decodeJson(definition);
  if (!json.ok) return json;
  if (!isDict(json.value)) return undecodable("the definition of a schedule entry is no object");
  const others = json.value.items.filter(([key]) => key !== "enabled");
  return encodeKombuJson(dict([...others, ["enabled", enabled]]));
}

function readSchedule(schedule: Value): RedbeatSchedule | null {
  const type = textOf(get(schedule, "__type__"));
  if (type === null) return null;
  switch (type) {
    case "interval": {
      const everyMs = secondsToMs(numberOf(get(schedule, "every")));
      if (everyMs === null) return null;
      return { kind: "interval", everyMs, relative: booleanOf(get(schedule, "relative")) ?? false };
    }
    case "crontab": {
      const field = (name: string) => cronText(get(schedule, name));
      return {
        kind: "crontab",
        minute: field("minute"),
        hour: field("hour"),
        dayOfWeek: field("day_of_week"),
        dayOfMonth: field("day_of_month"),
        monthOfYear: field("month_of_year"),
      };
    }
    case "rrule": {
      const freq = FREQUENCIES[numberOf(get(schedule, "freq")) ?? -1];
      if (freq === undefined) return null;
      const rule = entriesOf(schedule).filter(([name, value]) => name !== "__type__" && value !== null);
      return {
        kind: "rrule",
        freq,
        interval: numberOf(get(schedule, "interval")) ?? 1,
        count: numberOf(get(schedule, "count")),
        startAt: secondsOf(get(schedule, "dtstart")),
        untilAt: secondsOf(get(schedule, "until")),
        rule: dict(rule),
      };
    }
    default:
      return { kind: "other", type, definition: schedule };
  }
}

function cronText(value: Value | undefined): string {
  const list = listOf(value);
  if (list !== null) return list.map(cronText).join(",");
  const number = numberOf(value);
  return textOf(value) ?? (number === null ? "*" : String(number));
}

function secondsOf(value: Value | undefined): number | null {
  const seconds = numberOf(value);
  return seconds === null ? null : seconds * 1000;
}
