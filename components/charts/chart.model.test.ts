import { describe, expect, it } from "vitest";
import { troubledSeries } from "../../lib/testing/factories/overview.ts";
import { NOW } from "../../lib/testing/factories/task.ts";
import { bucketsOf, dragged, labelRises, tickLabel, ticksOf } from "./chart.model.ts";

const series = troubledSeries();
const without = (...minutes: number[]) => ({ ...series, points: series.points.filter((_, minute) => !minutes.includes(minute)) });

describe("buckets", () => {
  it("fill the span, and what was not recorded is a gap, not a zero", () => {
    const buckets = bucketsOf(without(0, 5, 59));
    expect(buckets).toHaveLength(60);
    expect([0, 4, 5, 59].map((index) => buckets[index]?.sent === null)).toEqual([true, false, true, true]);
  });

  it("say which one still fills", () => {
    const buckets = bucketsOf({ ...series, to: NOW - 30_000 });
    expect(buckets.filter(({ open }) => open).map(({ at }) => at)).toEqual([NOW - 60_000]);
  });

  it("are none without points", () => {
    expect(bucketsOf({ ...series, points: [] })).toEqual([]);
  });
});

describe("the marks of the axis", () => {
  it("stand at round times", () => {
    expect(ticksOf(bucketsOf(series), 6, "UTC").map((at) => tickLabel(at, NOW, "UTC"))).toEqual([
      "13:10",
      "13:20",
      "13:30",
      "13:40",
      "13:50",
      "14:00",
    ]);
  });

  it("are round in the reader's zone", () => {
    const hours = {
      ...series,
      bucketMs: 600_000,
      from: NOW - 86_400_000,
      points: series.points
        .slice(0, 1)
        .flatMap((point) => Array.from({ length: 144 }, (_, index) => ({ ...point, at: NOW - 86_400_000 + index * 600_000 }))),
    };
    expect(ticksOf(bucketsOf(hours), 5, "Asia/Kolkata").map((at) => tickLabel(at, NOW, "Asia/Kolkata"))).toEqual(
      ["21 Nov", "06:00", "12:00", "18:00"].slice(0, 4),
    );
  });
});

it("takes what was dragged over, whichever way", () => {
  expect(dragged(NOW, NOW - 120_000, 60_000)).toEqual({ from: NOW - 120_000, to: NOW + 60_000 });
});

it("keeps labels apart where lines end close to each other", () => {
  const rises = labelRises([100, 900, 950], 1_000, 0.1);
  expect(rises.map((rise) => Math.round(rise * 100))).toEqual([0, 0, 5]);
  expect(labelRises([0, 0], 0, 0.1)).toEqual([0, 0.1]);
});
