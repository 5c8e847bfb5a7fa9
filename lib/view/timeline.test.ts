import { expect, test } from "vitest";
import { Timeline } from "./timeline.ts";

/** Events of two tasks by turns, from an ordinal on. */
function twoTasks(first: number, count: number): Timeline {
  const timeline = new Timeline();
  for (let ordinal = first; ordinal < first + count; ordinal++) timeline.add(ordinal, ordinal - 2 < first ? 0 : ordinal - 2);
  return timeline;
}

test("a task's events are found from its last one back", () => {
  const timeline = twoTasks(5_000_000_000, 200_000);
  const last = 5_000_000_000 + 199_999;
  expect(timeline.back(last, 3)).toEqual([last, last - 2, last - 4]);
  expect(timeline.back(last, Infinity)).toHaveLength(100_000);
  expect(timeline.firstAfter(last - 5, last)).toBe(last - 4);
});

test("what was trimmed is not found, and its memory is given back", () => {
  const timeline = twoTasks(1, 200_000);
  const before = timeline.bytes;
  timeline.trim(199_996);
  expect(timeline.back(200_000, Infinity)).toEqual([200_000, 199_998, 199_996]);
  expect(timeline.bytes).toBeLessThan(before);
  timeline.add(200_001, 199_999);
  expect(timeline.back(200_001, Infinity)).toEqual([200_001, 199_999, 199_997]);
});

test("an event that is the only one of its task", () => {
  expect(new Timeline().back(7, 10)).toEqual([7]);
});
