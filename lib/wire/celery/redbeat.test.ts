import { describe, expect, test } from "vitest";

import { RELEASES, findIn, recorded } from "./fixtures/recorded.ts";
import { celeryKeys } from "./keys.ts";
import { type RedbeatEntry, decodeRedbeatEntry, decodeRedbeatMeta, encodeRedbeatEnabled, encodeRunNowMeta } from "./redbeat.ts";

type Hash = { definition: string; meta: string };

describe.each(RELEASES.filter((release) => release !== "5.2.6"))("RedBeat with Celery %s", (release) => {
  const { running } = recorded(release, "redbeat-keys");
  const hashes = findIn(running).keys.filter(({ type }) => type === "hash");

  function entry(name: string): RedbeatEntry {
    const hash = hashes.find(({ key }) => key === celeryKeys().redbeat.entry(name))?.value as Hash | undefined;
    const decoded = decodeRedbeatEntry(hash?.definition ?? "", hash?.meta ?? null);
    if (!decoded.ok) throw new Error(decoded.reason);
    return decoded.value;
  }

  test("runs at an interval", () => {
    expect(entry("every-2s")).toMatchObject({
      task: "tasks.echo",
      args: [1, 1],
      kwargs: { $: "dict", items: [["k", "v"]] },
      schedule: { kind: "interval", everyMs: 2000, relative: false },
      enabled: true,
      lastRunAt: expect.any(Number),
      totalRunCount: expect.any(Number),
    });
  });

  test("runs by the clock", () => {
    expect(entry("cron")).toMatchObject({
      queue: "other",
      schedule: { kind: "crontab", minute: "*/5", hour: "8-18", dayOfWeek: "mon-fri", dayOfMonth: "*", monthOfYear: "*" },
      totalRunCount: null,
    });
  });

  test("runs by a rule", () => {
    expect(entry("rule").schedule).toMatchObject({
      kind: "rrule",
      freq: "daily",
      interval: 1,
      count: 3,
      startAt: Date.UTC(2024, 0, 1),
      untilAt: null,
    });
  });

  test("rests", () => {
    expect(entry("disabled").enabled).toBe(false);
  });
});

describe("an entry", () => {
  const definition =
    '{"name": "n", "task": "t", "schedule": {"__type__": "interval", "every": 60.0}, "kwargs": {"id": 18446744073709551615}}';

  test("has its last run in the zone that is told", () => {
    const at = (timezone: string | number) =>
      decodeRedbeatMeta(
        JSON.stringify({
          last_run_at: { __type__: "datetime", year: 2026, month: 7, day: 1, hour: 12, minute: 0, second: 0, microsecond: 500, timezone },
        }),
      );
    const noon = Date.UTC(2026, 6, 1, 12) + 0.5;
    expect(at("UTC")).toMatchObject({ value: { lastRunAt: noon, totalRunCount: null } });
    expect(at(7200)).toMatchObject({ value: { lastRunAt: noon - 7_200_000 } });
    expect(at("Europe/Berlin")).toMatchObject({ value: { lastRunAt: noon - 7_200_000 } });
    expect(at("Mars/Olympus")).toMatchObject({ value: { lastRunAt: null } });
    expect(decodeRedbeatMeta('{"last_run_at": null}')).toMatchObject({ value: { lastRunAt: null } });
  });

  test("of a type that an application added is kept as it is", () => {
    const read = decodeRedbeatEntry('{"name": "n", "task": "t", "schedule": {"__type__": "solar", "event": "sunset"}}', null);
    expect(read).toMatchObject({ ok: true, value: { schedule: { kind: "other", type: "solar" } } });
  });

  test("is switched off and on without loss", () => {
    const off = encodeRedbeatEnabled(definition, false);
    if (!off.ok) throw new Error(off.reason);
    expect(off.value).toContain('"id": 18446744073709551615');
    expect(off.value).toContain('"every": 60.0');
    expect(decodeRedbeatEntry(off.value, null)).toMatchObject({ value: { enabled: false } });
    expect(encodeRedbeatEnabled(off.value, true)).toEqual({ ok: true, value: off.value.replace("false", "true") });
  });

  test("runs now with its count kept", () => {
    expect(decodeRedbeatMeta(encodeRunNowMeta(7))).toEqual({ ok: true, value: { lastRunAt: null, totalRunCount: 7 } });
    expect(encodeRunNowMeta(null)).toBe('{"last_run_at": null, "total_run_count": 0}');
  });

  test("that is none is refused with a reason", () => {
    for (const text of [
      "",
      "{",
      "[]",
      "{}",
      '{"name": "n", "task": "t"}',
      '{"name": "n", "task": "t", "schedule": {"__type__": "interval"}}',
    ]) {
      expect(decodeRedbeatEntry(text, null), text).toMatchObject({ ok: false, reason: expect.any(String) });
    }
    expect(decodeRedbeatEntry(definition, "{")).toMatchObject({ ok: false });
  });
});
