import { AppError, reasonOf } from "../../lib/errors.ts";
import { encodeRedbeatDefinition, type WritableSchedule } from "../../lib/wire/celery/encode-redbeat.ts";
import type { TimeZone } from "../../lib/wire/celery/time-zone.ts";
import { dict } from "../../lib/wire/python/value.ts";
import { callOptions, sendable } from "../producer/apply-options.ts";
import type { ApplyOptions } from "../task/task-options.ts";
import type { CrontabFields } from "./crontab.ts";
import { timetable } from "./timetable.ts";

/** A task that is sent again and again, as an application writes it down under a name. */
export interface BeatEntry {
  /** A task, or the name of one. */
  task: string | { readonly name: string };
  /** Made by `interval` or `crontab`. */
  schedule: WritableSchedule;
  args?: readonly unknown[];
  kwargs?: { readonly [name: string]: unknown };
  options?: Omit<ApplyOptions, "taskId" | "kwargs">;
  /** Whether it is sent at all; true by default. */
  enabled?: boolean;
}

/** Entries by their names. */
export type BeatSchedule = { readonly [name: string]: BeatEntry };

/**
 * So many ms after the last run. With `relative` at the last full day, hour, minute or second (the longest that the interval holds)
 * until then: `interval(2 * 3_600_000, { relative: true })` runs on the hour.
 */
export function interval(everyMs: number, options: { relative?: boolean } = {}): WritableSchedule {
  return { kind: "interval", everyMs, relative: options.relative ?? false };
}

/** A field as Celery takes it: a number, several, or a text such as `"*\/15"`, `"mon-fri"`, `"8-18/2"`, `"1,15"`. */
export type CrontabField = number | string | readonly number[];

/** Every minute that all of the fields have; a field that is left out has all. */
export function crontab(fields: { readonly [field in keyof CrontabFields]?: CrontabField } = {}): WritableSchedule {
  const text = (field: keyof CrontabFields) => String(fields[field] ?? "*");
  return {
    kind: "crontab",
    minute: text("minute"),
    hour: text("hour"),
    dayOfWeek: text("dayOfWeek"),
    dayOfMonth: text("dayOfMonth"),
    monthOfYear: text("monthOfYear"),
  };
}

/** The text that RedBeat keeps of an entry. Throws `bad-input` when it cannot be followed or written. */
export function definitionOf(name: string, entry: BeatEntry, zone: TimeZone): string {
  if (name === "" || name.startsWith(":")) throw badEntry(name, "its name would be one of RedBeat's own keys");
  const followed = timetable(entry.schedule, zone);
  if (!followed.ok) throw badEntry(name, followed.reason);
  const { task, schedule, args = [], kwargs = {}, enabled = true } = entry;
  try {
    const definition = encodeRedbeatDefinition({
      name,
      task: typeof task === "string" ? task : task.name,
      args: sendable(args),
      kwargs: sendable(kwargs),
      options: dict(callOptions(entry.options ?? {})),
      schedule,
      enabled,
    });
    if (definition.ok) return definition.value;
    throw new AppError("bad-input", definition.reason);
  } catch (error) {
    throw badEntry(name, reasonOf(error));
  }
}

function badEntry(name: string, reason: string): AppError {
  return new AppError("bad-input", `The schedule entry ${JSON.stringify(name)} cannot be used: ${reason}`);
}
