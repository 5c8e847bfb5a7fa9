import { describe, expect, it } from "vitest";
import { formatAge, formatClock, formatDuration, formatIso, isZone } from "./time.model.ts";

describe("durations", () => {
  it.each([
    [0, "0 ms"],
    [0.4, "0.4 ms"],
    [840, "840 ms"],
    [999.6, "1.0 s"],
    [6_100, "6.1 s"],
    [9_980, "10 s"],
    [12_300, "12 s"],
    [59_600, "1m 00s"],
    [362_000, "6m 02s"],
    [3_599_900, "1h 00m"],
    [11_520_000, "3h 12m"],
    [187_200_000, "2d 04h"],
    [-120, "−120 ms"],
  ])("%d ms read %s", (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe("ages", () => {
  it.each([
    [-5_000, "0 s"],
    [12_900, "12 s"],
    [36 * 60_000, "36 m"],
    [47 * 3_600_000, "47 h"],
    [80 * 3_600_000, "3 d"],
  ])("%d ms ago reads %s", (ms, text) => expect(formatAge(ms)).toBe(text));
});

describe("times of day", () => {
  const now = Date.UTC(2025, 10, 21, 12, 0, 0);

  it("leave today's date out", () => {
    expect(formatClock(Date.UTC(2025, 10, 21, 9, 5, 7), now, "UTC")).toBe("09:05:07");
    expect(formatClock(Date.UTC(2025, 10, 20, 9, 5, 7), now, "UTC")).toBe("20 Nov 09:05:07");
    expect(formatClock(Date.UTC(2024, 10, 20, 9, 5, 7), now, "UTC")).toBe("20 Nov 2024 09:05:07");
  });

  it("are those of the reader's zone, midnight as 00", () => {
    expect(formatClock(Date.UTC(2025, 10, 20, 23, 5, 7), now, "Europe/Berlin")).toBe("00:05:07");
  });

  it("show milliseconds where the order matters", () => {
    expect(formatClock(now + 7.25, now, "UTC", "millisecond")).toBe("12:00:00.007");
  });

  it("survive moments that no calendar has", () => {
    expect(formatIso(1e18)).toBe("1000000000000000000");
    expect(formatClock(1e18, now, "UTC")).toBe("1000000000000000000");
  });
});

it("believes no zone that the runtime does not know", () => {
  expect(isZone("Europe/Berlin")).toBe(true);
  expect(isZone("Nowhere/At all")).toBe(false);
  expect(isZone("")).toBe(false);
});
