import { expect, test } from "vitest";
import { decodeRedbeatEntry } from "../../lib/wire/celery/redbeat.ts";
import { timeZone } from "../../lib/wire/celery/time-zone.ts";
import { crontab, definitionOf, interval } from "./entry.ts";

const UTC = timeZone("UTC");
if (UTC === null) throw new Error("no UTC");

test("an entry is written down as RedBeat keeps it", () => {
  const entry = {
    task: "mail.digest",
    schedule: crontab({ minute: [0, 30], hour: "8-18", dayOfWeek: "mon-fri", dayOfMonth: 1 }),
    args: [1, "two", { three: [3] }],
    kwargs: { dryRun: false },
    options: { queue: "mail", expires: 60 },
  };
  expect(definitionOf("digest", entry, UTC)).toBe(
    '{"name": "digest", "task": "mail.digest", "args": [1, "two", {"three": [3]}], "kwargs": {"dryRun": false}, ' +
      '"options": {"queue": "mail", "expires": 60}, "schedule": {"__type__": "crontab", "minute": "0,30", "hour": "8-18", ' +
      '"day_of_week": "mon-fri", "day_of_month": "1", "month_of_year": "*"}, "enabled": true}',
  );
  expect(definitionOf("tick", { task: "t", schedule: interval(30_000) }, UTC)).toBe(
    '{"name": "tick", "task": "t", "args": [], "kwargs": {}, "options": {}, ' +
      '"schedule": {"__type__": "interval", "every": 30.0, "relative": false}, "enabled": true}',
  );
});

test("an entry that sleeps stays written down", () => {
  const text = definitionOf("off", { task: "t", schedule: interval(1_000, { relative: true }), enabled: false }, UTC);
  expect(decodeRedbeatEntry(text, null)).toMatchObject({ value: { enabled: false, schedule: { relative: true } } });
});

test.each([
  ["bad", { task: "t", schedule: crontab({ minute: 60 }) }, "minute: 60 is not from 0 to 59"],
  ["bad", { task: "t", schedule: interval(-1) }, "an interval is longer than nothing"],
  ["bad", { task: "t", schedule: interval(1), args: [() => 1] }, "a function cannot be sent"],
  [":lock", { task: "t", schedule: interval(1) }, "RedBeat's own keys"],
])("an entry that cannot be used is refused by its name: %s %o", (name, entry, reason) => {
  expect(() => definitionOf(name, entry, UTC)).toThrow(
    expect.objectContaining({ code: "bad-input", message: expect.stringContaining(reason) }),
  );
  expect(() => definitionOf(name, entry, UTC)).toThrow(JSON.stringify(name));
});
