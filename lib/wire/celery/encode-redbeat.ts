import { type Decoded } from "../decoded.ts";
import { floatValue } from "../python/number.ts";
import { type Value, dict } from "../python/value.ts";
import { encodeKombuJson } from "../serialize/json.ts";
import type { RedbeatEntry, RedbeatMeta, RedbeatSchedule } from "./redbeat.ts";
import { redbeatTime, toRedbeatTypes } from "./redbeat-time.ts";
import type { TimeZone } from "./time-zone.ts";

/** A schedule that can be written: RedBeat's recurrence rules are only read. */
export type WritableSchedule = Extract<RedbeatSchedule, { kind: "interval" | "crontab" }>;

export type RedbeatDefinition = Pick<RedbeatEntry, "name" | "task" | "args" | "kwargs" | "options" | "enabled"> & {
  schedule: WritableSchedule;
};

/** The field `definition` of an entry, in the order and form of RedBeat 2.4; the reason when its JSON cannot carry the arguments. */
export function encodeRedbeatDefinition(entry: RedbeatDefinition): Decoded<string> {
  return encodeKombuJson(
    dict([
      ["name", entry.name],
      ["task", entry.task],
      ["args", toRedbeatTypes(entry.args)],
      ["kwargs", toRedbeatTypes(entry.kwargs)],
      ["options", toRedbeatTypes(entry.options)],
      ["schedule", scheduleValue(entry.schedule)],
      ["enabled", entry.enabled],
    ]),
  );
}

function scheduleValue(schedule: WritableSchedule): Value {
  switch (schedule.kind) {
    case "interval":
      return dict([
        ["__type__", "interval"],
        ["every", floatValue(schedule.everyMs / 1000)],
        ["relative", schedule.relative],
      ]);
    case "crontab":
      return dict([
        ["__type__", "crontab"],
        ["minute", schedule.minute],
        ["hour", schedule.hour],
        ["day_of_week", schedule.dayOfWeek],
        ["day_of_month", schedule.dayOfMonth],
        ["month_of_year", schedule.monthOfYear],
      ]);
  }
}

/** The field `meta`: when the entry ran last, by the clocks of the application's zone, and how often (left out before the first run). */
export function encodeRedbeatMeta(meta: RedbeatMeta, zone: TimeZone): string {
  const count: [string, Value][] = meta.totalRunCount === null ? [] : [["total_run_count", meta.totalRunCount]];
  const lastRun = meta.lastRunAt === null ? null : redbeatTime(meta.lastRunAt, zone);
  const json = encodeKombuJson(dict([["last_run_at", lastRun], ...count]));
  if (!json.ok) throw new Error(`RedBeat's meta cannot be written: ${json.reason}`); // texts and numbers always can
  return json.value;
}
