import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RedbeatSchedule } from "../../lib/wire/celery/redbeat.ts";
import { type TimeZone, timeZone } from "../../lib/wire/celery/time-zone.ts";
import { type Timetable, timetable } from "./timetable.ts";

type Run = [lastRunAt: number, nextAfterMs: number, nowAfterMs: number, due: 0 | 1, waitMs: number];
type Fields = [minute: string, hour: string, dayOfWeek: string, dayOfMonth: string, monthOfYear: string];
/** What `fleet/schedules.py` wrote. */
type Answer =
  | ["crontab", fields: Fields, zone: string, runs: Run[]]
  | ["interval", [everySeconds: number, relative: boolean], zone: string, runs: Run[]]
  | ["refused", fields: Fields];

const answers = readFileSync(join(import.meta.dirname, "fixtures", "celery-5.7.0.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Answer);

function zone(name: string): TimeZone {
  const known = timeZone(name);
  if (known === null) throw new Error(`no zone ${name}`);
  return known;
}

function crontab([minute, hour, dayOfWeek, dayOfMonth, monthOfYear]: Fields): RedbeatSchedule {
  return { kind: "crontab", minute, hour, dayOfWeek, dayOfMonth, monthOfYear };
}

function followed(schedule: RedbeatSchedule, zoneName: string): Timetable {
  const table = timetable(schedule, zone(zoneName));
  if (!table.ok) throw new Error(table.reason);
  return table.value;
}

describe("as Celery 5.7 answered", () => {
  const schedules = answers.filter((answer) => answer[0] !== "refused");

  test.each(schedules)("%s %j in %s", (kind, spec, zoneName, runs) => {
    const schedule: RedbeatSchedule = kind === "crontab" ? crontab(spec) : { kind: "interval", everyMs: spec[0] * 1000, relative: spec[1] };
    const next = followed(schedule, zoneName);
    for (const [lastRunAt, nextAfterMs, nowAfterMs, due, waitMs] of runs) {
      const nextRunAt = next(lastRunAt);
      if (nextAfterMs <= 0) {
        // The second half of an hour that comes twice: Celery would run it without end, see `byTheClock`.
        expect(nextRunAt).toBeGreaterThan(lastRunAt);
        expect(zone(zoneName).wallAt(nextRunAt)).toBe(zone(zoneName).wallAt(lastRunAt + nextAfterMs));
        continue;
      }
      expect(nextRunAt - lastRunAt, `after ${new Date(lastRunAt).toISOString()}`).toBe(nextAfterMs);
      const now = lastRunAt + nowAfterMs;
      expect(nextRunAt <= now).toBe(due === 1);
      const nextLookAt = due === 0 ? nextRunAt : kind === "interval" && !spec[1] ? now + spec[0] * 1000 : next(now);
      if (waitMs > 0) expect(nextLookAt - now).toBe(waitMs);
    }
  });

  test("there are enough of them, and few in which Celery is not followed", () => {
    const runs = schedules.flatMap(([, , , each]) => each);
    expect(runs.length).toBeGreaterThan(3_000);
    expect(runs.filter(([, nextAfterMs]) => nextAfterMs <= 0).length).toBeLessThan(runs.length / 50);
  });

  test.each(answers.filter((answer) => answer[0] === "refused").map(([, fields]) => ({ fields })))("it refuses $fields", ({ fields }) => {
    expect(timetable(crontab(fields), zone("UTC"))).toMatchObject({ ok: false });
  });
});

describe("a crontab", () => {
  test("is due when day of week and day of month both hold, unlike cron's", () => {
    const next = followed(crontab(["0", "12", "fri", "13", "*"]), "UTC");
    expect(next(Date.UTC(2026, 0, 1))).toBe(Date.UTC(2026, 1, 13, 12));
  });

  test("goes by the clocks of the application's zone", () => {
    const next = followed(crontab(["30", "8", "*", "*", "*"]), "Europe/Berlin");
    expect(next(Date.UTC(2026, 2, 28, 12))).toBe(Date.UTC(2026, 2, 29, 6, 30));
    expect(next(Date.UTC(2026, 2, 27, 12))).toBe(Date.UTC(2026, 2, 28, 7, 30));
  });

  test("of a time that the clocks leave out runs after the jump", () => {
    const next = followed(crontab(["30", "2", "*", "*", "*"]), "Europe/Berlin");
    expect(next(Date.UTC(2026, 2, 28, 12))).toBe(Date.UTC(2026, 2, 29, 1, 30));
  });

  test("that ran in the second half of the hour that comes twice runs on in it, and not without end", () => {
    const next = followed(crontab(["*/5", "*", "*", "*", "*"]), "Europe/Berlin");
    const secondHalf = Date.UTC(2026, 9, 25, 1, 10);
    expect(next(secondHalf + 20)).toBe(Date.UTC(2026, 9, 25, 1, 15));
  });

  test("may be years away", () => {
    const next = followed(crontab(["0", "0", "sun", "29", "feb"]), "UTC");
    expect(next(Date.UTC(2032, 1, 29))).toBe(Date.UTC(2060, 1, 29));
    expect(next(Date.UTC(2088, 2, 1))).toBe(Date.UTC(2128, 1, 29));
  });
});

test("a next run is always later than the last, and the same whoever asks when", () => {
  const field = fc.constantFrom("*", "*/7", "0", "3-5", "1,2");
  const schedule = fc.oneof(
    fc.tuple(field, field, field, fc.constantFrom("*", "1-7", "15"), fc.constantFrom("*", "3", "10")).map(crontab),
    fc
      .record({ everyMs: fc.integer({ min: 1, max: 700_000_000 }), relative: fc.boolean() })
      .map(({ everyMs, relative }): RedbeatSchedule => ({ kind: "interval", everyMs, relative })),
  );
  const autumn = Date.UTC(2026, 9, 25);
  const time = fc.oneof(fc.integer({ min: 0, max: Date.UTC(2060, 0) }), fc.integer({ min: autumn, max: autumn + 10_800_000 }));
  fc.assert(
    fc.property(schedule, fc.constantFrom("UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/Havana"), time, (asked, name, at) => {
      const next = followed(asked, name);
      expect(next(at)).toBeGreaterThan(at);
      expect(next(at)).toBe(next(at));
    }),
  );
});

test.each<[string, RedbeatSchedule]>([
  ["solar schedules need the position of the sun", { kind: "other", type: "solar", definition: null }],
  ["its type of schedule is unknown", { kind: "other", type: "moon", definition: null }],
  [
    "recurrence rules (rrule) are not followed",
    { kind: "rrule", freq: "daily", interval: 1, count: null, startAt: null, untilAt: null, rule: null },
  ],
  ["an interval is longer than nothing", { kind: "interval", everyMs: 0, relative: false }],
  ["the day of month is in none of the months", crontab(["0", "0", "*", "31", "feb,apr"])],
])("what cannot be followed is said: %s", (reason, schedule) => {
  expect(timetable(schedule, zone("UTC"))).toEqual({ ok: false, reason: expect.stringContaining(reason) });
});
