import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { dict } from "../python/value.ts";
import { encodeRedbeatDefinition, encodeRedbeatMeta, type RedbeatDefinition } from "./encode-redbeat.ts";
import { RELEASES, findIn, recorded } from "./fixtures/recorded.ts";
import { decodeRedbeatEntry, decodeRedbeatMeta } from "./redbeat.ts";
import { type TimeZone, timeZone } from "./time-zone.ts";

type Hash = { definition: string; meta: string };

function zone(name: string): TimeZone {
  const known = timeZone(name);
  if (known === null) throw new Error(`no zone ${name}`);
  return known;
}

function decodedEntry({ definition, meta }: Hash) {
  const entry = decodeRedbeatEntry(definition, meta);
  if (!entry.ok) throw new Error(entry.reason);
  return entry.value;
}

test.each(RELEASES.filter((release) => release !== "5.2.6"))(
  "what RedBeat wrote with Celery %s is written again byte for byte",
  (release) => {
    const hashes = findIn(recorded(release, "redbeat-keys").saved).keys.filter(({ type }) => type === "hash");
    for (const hash of hashes) {
      const { definition, meta } = hash.value as Hash;
      const { schedule, ...entry } = decodedEntry({ definition, meta });
      expect(encodeRedbeatMeta(entry, zone("UTC"))).toBe(meta);
      if (schedule.kind !== "interval" && schedule.kind !== "crontab") continue;
      expect(encodeRedbeatDefinition({ ...entry, schedule })).toEqual({ ok: true, value: definition });
    }
  },
);

describe("a definition", () => {
  const definition = (args: RedbeatDefinition["args"]): RedbeatDefinition => ({
    name: "n",
    task: "t",
    args,
    kwargs: dict([]),
    options: dict([["expires", { $: "float", text: "30.0" }]]),
    schedule: { kind: "interval", everyMs: 1_500, relative: true },
    enabled: false,
  });

  test("has its times in RedBeat's own form, because Kombu's would stop a Python beat", () => {
    const written = encodeRedbeatDefinition(definition([{ $: "datetime", text: "2026-07-01T12:00:00.25+02:00" }]));
    if (!written.ok) throw new Error(written.reason);
    expect(written.value).toContain('{"__type__": "datetime", "year": 2026, "month": 7, "day": 1, "hour": 10,');
    expect(written.value).not.toContain("__value__");
    expect(decodeRedbeatEntry(written.value, null)).toMatchObject({
      value: { args: [{ $: "datetime", text: "2026-07-01T10:00:00.250000+00:00" }], enabled: false, schedule: { everyMs: 1_500 } },
    });
  });

  test("that JSON cannot carry is refused", () => {
    expect(encodeRedbeatDefinition(definition([{ $: "object", type: "x.Y" }]))).toMatchObject({ ok: false });
  });
});

describe("the last run", () => {
  test("is told by the clocks of the application's zone", () => {
    const at = Date.UTC(2026, 6, 1, 10, 0, 0, 5);
    const text = encodeRedbeatMeta({ lastRunAt: at, totalRunCount: 3 }, zone("Europe/Berlin"));
    expect(text).toBe(
      '{"last_run_at": {"__type__": "datetime", "year": 2026, "month": 7, "day": 1, "hour": 12, "minute": 0, "second": 0, ' +
        '"microsecond": 5000, "timezone": "Europe/Berlin"}, "total_run_count": 3}',
    );
  });

  test("is never another one than was meant, not even in the hour that comes twice", () => {
    const zones = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"].map(zone);
    const autumn = Date.UTC(2026, 9, 25);
    const time = fc.oneof(
      fc.integer({ min: 0, max: Date.UTC(2060, 0) }),
      fc.integer({ min: autumn, max: autumn + 7_200_000 }).map((at) => at + 0.25),
    );
    fc.assert(
      fc.property(fc.constantFrom(...zones), time, (clocks, at) => {
        expect(decodeRedbeatMeta(encodeRedbeatMeta({ lastRunAt: at, totalRunCount: null }, clocks))).toEqual({
          ok: true,
          value: { lastRunAt: at, totalRunCount: null },
        });
      }),
    );
  });
});
