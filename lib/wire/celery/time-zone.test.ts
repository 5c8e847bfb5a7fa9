import fc from "fast-check";
import { expect, test } from "vitest";
import { type TimeZone, timeZone } from "./time-zone.ts";

const HOUR_MS = 3_600_000;

function zone(name: string): TimeZone {
  const known = timeZone(name);
  if (known === null) throw new Error(`no zone ${name}`);
  return known;
}

test("a wall time is read in its zone, in summer and in winter", () => {
  const noon = (month: number) => Date.UTC(2026, month, 15, 12);
  expect(zone("Europe/Berlin").timeAt(noon(0))).toBe(Date.UTC(2026, 0, 15, 11));
  expect(zone("Europe/Berlin").timeAt(noon(6))).toBe(Date.UTC(2026, 6, 15, 10));
  expect(zone("Asia/Kolkata").timeAt(noon(0))).toBe(Date.UTC(2026, 0, 15, 6, 30));
  expect(zone("UTC").timeAt(noon(0))).toBe(noon(0));
});

test("an unknown zone is none", () => {
  expect(timeZone("Mars/Olympus")).toBeNull();
  expect(timeZone("")).toBeNull();
});

test("a wall time that is shown twice means the first of the two, unless it is told to be the second", () => {
  const halfPastTwo = Date.UTC(2026, 9, 25, 2, 30);
  expect(zone("Europe/Berlin").timeAt(halfPastTwo)).toBe(Date.UTC(2026, 9, 25, 0, 30));
  expect(zone("Europe/Berlin").timeAt(halfPastTwo, 1)).toBe(Date.UTC(2026, 9, 25, 1, 30));
});

test("a wall time that is never shown is read with the clocks of before, unless it is told to be of after", () => {
  const halfPastTwo = Date.UTC(2026, 2, 29, 2, 30);
  expect(zone("Europe/Berlin").timeAt(halfPastTwo)).toBe(Date.UTC(2026, 2, 29, 1, 30));
  expect(zone("Europe/Berlin").timeAt(halfPastTwo, 1)).toBe(Date.UTC(2026, 2, 29, 0, 30));
  // Samoa left out a whole day.
  expect(zone("Pacific/Apia").timeAt(Date.UTC(2011, 11, 30, 12))).toBe(Date.UTC(2011, 11, 30, 22));
});

test("whatever a clock shows is read back as the time it was", () => {
  const zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "Africa/Casablanca"].map(
    zone,
  );
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: Date.UTC(2040, 0) / HOUR_MS }), (clocks, hour) => {
      const at = hour * HOUR_MS;
      const wallAt = clocks.wallAt(at);
      expect([clocks.timeAt(wallAt, 0), clocks.timeAt(wallAt, 1)]).toContain(at);
    }),
  );
});
