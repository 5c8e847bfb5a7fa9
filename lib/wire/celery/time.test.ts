import { expect, test } from "vitest";

import { formatTime, formatTimeLike, parseTime, secondsToMs } from "./time.ts";

test.each<[string, number | null]>([
  ["2026-11-21T08:12:43.323486+00:00", Date.UTC(2026, 10, 21, 8, 12, 43) + 323.486],
  ["2026-11-21T08:12:43.323486", Date.UTC(2026, 10, 21, 8, 12, 43) + 323.486],
  ["2026-11-21T08:12:43Z", Date.UTC(2026, 10, 21, 8, 12, 43)],
  ["2026-11-21 08:12:43+05:30", Date.UTC(2026, 10, 21, 2, 42, 43)],
  ["2026-11-21T08:12:43-0500", Date.UTC(2026, 10, 21, 13, 12, 43)],
  ["20261121T081243.5", Date.UTC(2026, 10, 21, 8, 12, 43, 500)],
  ["2026-11-21", Date.UTC(2026, 10, 21)],
  ["2026-02-30T00:00:00", null],
  ["2026-11-21T25:00:00", null],
  ["2026-13-01", null],
  ["tomorrow", null],
  ["", null],
  ["1795248770", null],
])("the time %j is %s", (text, at) => {
  expect(parseTime(text)).toBe(at);
});

test.each([
  [Date.UTC(2026, 10, 21, 8, 12, 43) + 323.486, "2026-11-21T08:12:43.323486+00:00"],
  [Date.UTC(2026, 10, 21, 8, 12, 43), "2026-11-21T08:12:43+00:00"],
  [0.001, "1970-01-01T00:00:00.000001+00:00"],
  [-0.001, "1969-12-31T23:59:59.999999+00:00"],
])("the time %d is written %s", (at, text) => {
  expect(formatTime(at)).toBe(text);
  expect(parseTime(text)).toBeCloseTo(at, 3);
});

test("epoch seconds keep their microseconds", () => {
  expect(secondsToMs(1795248761.3680604)).toBe(1795248761368.06);
  expect(secondsToMs(Number.NaN)).toBeNull();
  expect(secondsToMs(1e308)).toBeNull();
  expect(secondsToMs("1")).toBeNull();
});

test.each([
  ["2024-05-06T07:08:09.5+05:30", "2024-05-06T07:08:09.500000+05:30"],
  ["2024-05-06T07:08:09-0300", "2024-05-06T07:08:09-03:00"],
  ["2024-05-06T07:08:09Z", "2024-05-06T07:08:09+00:00"],
  ["2024-05-06", "2024-05-06T00:00:00+00:00"],
])("the time %s in its own zone is %s", (text, written) => {
  expect(formatTimeLike(parseTime(text) ?? 0, text)).toBe(written);
});
