import { describe, expect, test } from "vitest";
import type { SeriesPoint } from "../contract/series.ts";
import { Step, unknownTask } from "../model/task.ts";
import { TaskTable } from "../view/task-table.ts";
import { failingName, failureGroups } from "./failures.ts";

test("failures are grouped by name and exception, the most frequent first", () => {
  const table = new TaskTable();
  const add = (id: string, name: string, exceptionType: string, endedAt: number): number =>
    table.add({ ...unknownTask(id), name, exceptionType, step: Step.FAILED, stepAt: endedAt, endedAt });
  add("1", "a", "KeyError", 30);
  add("2", "b", "KeyError", 10);
  add("3", "b", "KeyError", 50);
  add("4", "b", "TypeError", 20);
  const groups = failureGroups(table, { is: "match", field: "state", pattern: "FAILURE" }, 100);
  expect(groups).toEqual([
    { name: "b", exceptionType: "KeyError", count: 2, firstAt: 10, lastAt: 50, sampleId: "3" },
    { name: "a", exceptionType: "KeyError", count: 1, firstAt: 30, lastAt: 30, sampleId: "1" },
    { name: "b", exceptionType: "TypeError", count: 1, firstAt: 20, lastAt: 20, sampleId: "4" },
  ]);
});

/** Buckets of a minute: succeeded and failed of each. */
function points(...counts: [number, number][]): SeriesPoint[] {
  return counts.map(([succeeded, failed], index) => ({
    at: index * 60_000,
    sent: 0,
    received: 0,
    started: 0,
    succeeded,
    failed,
    retried: 0,
    revoked: 0,
    rejected: 0,
    waitP50Ms: null,
    waitP95Ms: null,
    waitP99Ms: null,
    runP50Ms: null,
    runP95Ms: null,
    runP99Ms: null,
  }));
}

describe("a name", () => {
  test.each<[string, SeriesPoint[], { failed: number; ended: number; since: number | null } | null]>([
    ["that works does not fail", points([50, 0], [50, 1], [50, 0]), null],
    ["that failed and works again does not fail", points([50, 0], [0, 50], [50, 0]), null],
    ["that failed twice does not fail yet", points([50, 0], [0, 2]), null],
    [
      "fails since its first failure after it worked",
      points([50, 0], [50, 3], [0, 0], [10, 40], [0, 50]),
      { failed: 90, ended: 100, since: 180_000 },
    ],
    ["that has never worked fails for as long as we see", points([0, 0], [0, 4]), { failed: 4, ended: 4, since: null }],
    ["that always fails now and then is left alone", points([90, 10], [85, 12], [91, 9]), null],
    ["that always fails a lot has no beginning", points([60, 40], [55, 45], [62, 38]), { failed: 123, ended: 300, since: null }],
    ["of which a third fails is failing", points([50, 0], [20, 10]), { failed: 10, ended: 30, since: 60_000 }],
  ])("%s", (_, given, expected) => {
    const result = failingName("send", "KeyError", given);
    expect(result === null ? null : { failed: result.failed, ended: result.ended, since: result.since }).toEqual(expected);
  });
});
