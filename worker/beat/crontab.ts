import { Cron } from "croner";
import type { RedbeatSchedule } from "../../lib/wire/celery/redbeat.ts";
import type { Decoded } from "../../lib/wire/decoded.ts";
import { orRefused, refuse } from "../../lib/wire/refused.ts";
import { type FieldRange, readCrontabField } from "./crontab-field.ts";

export type CrontabFields = Omit<Extract<RedbeatSchedule, { kind: "crontab" }>, "kind">;

const RANGES: { [field in keyof CrontabFields]: FieldRange } = {
  minute: { name: "minute", least: 0, most: 59 },
  hour: { name: "hour", least: 0, most: 23 },
  dayOfWeek: { name: "day of week", least: 0, most: 6 },
  dayOfMonth: { name: "day of month", least: 1, most: 31 },
  monthOfYear: { name: "month of year", least: 1, most: 12 },
};

/** Days of each month in a leap year. */
const LONGEST = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** From a wall time (epoch ms as if the clock were UTC's) to the next one, later by a minute at least, that the crontab names. */
export type NextWallTime = (wallAt: number) => number;

/**
 * Celery's crontab (5.7): a minute is due when all five fields have it, so that day of week and day of month must both hold, which
 * is unlike cron. The search over the calendar is croner's. It is given numbers, since Celery's way to write them is its own (see
 * `readCrontabField`), and clocks that never change, since Celery's way over a change of the clocks is its own too: croner repeats or
 * leaves out what falls into it, Celery reads the wall time it has found (`timetable.ts`).
 */
export function readCrontab(fields: CrontabFields): Decoded<NextWallTime> {
  return orRefused(() => {
    const read = (field: keyof CrontabFields) => readCrontabField(fields[field], RANGES[field]);
    const [minutes, hours, weekdays, days, months] = [
      read("minute"),
      read("hour"),
      read("dayOfWeek"),
      read("dayOfMonth"),
      read("monthOfYear"),
    ];
    const firstDay = Math.min(...days);
    if (!months.some((month) => firstDay <= (LONGEST[month - 1] ?? 0))) refuse("the day of month is in none of the months");
    const cron = new Cron(["0", minutes, hours, days, months, weekdays].join(" "), { timezone: "UTC", domAndDow: true });
    return (wallAt) => cron.nextRun(new Date(wallAt))?.getTime() ?? Infinity;
  });
}
