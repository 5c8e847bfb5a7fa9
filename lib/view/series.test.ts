import { expect, test } from "vitest";
import { runOf, type TaskEvent, type TaskEventType } from "../model/event.ts";
import { fold } from "../model/fold.ts";
import type { Task } from "../model/task.ts";
import { START, taskEvent } from "../testing/task-events.ts";
import { Marks } from "./marks.ts";
import { Series } from "./series.ts";
import { OTHER } from "./words.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A series that has heard of some events, in this order. */
function seriesOf(events: readonly TaskEvent[], maxKeys?: number): Series {
  const series = new Series(maxKeys);
  const tasks = new Map<string, Task>();
  for (const event of events) {
    const before = tasks.get(event.task);
    const after = fold(before, event);
    series.advance(event.seenAt);
    series.move(before && new Marks().read(before), new Marks().read(after));
    tasks.set(event.task, after);
  }
  return series;
}

const one = (type: TaskEventType, second: number, facts: Partial<TaskEvent> = {}) => taskEvent(type, "a", second, facts);
const hour = { from: START, to: START + HOUR, by: "all" } as const;

test("each step counts in the bucket of its own time, and latencies where the run ended", () => {
  const { points, bucketMs } = seriesOf([
    one("task.sent", 1),
    one("task.received", 11),
    one("task.started", 21),
    one("task.succeeded", 31, { runtimeMs: 9_000 }),
  ]).read(hour);
  expect(bucketMs).toBe(10_000);
  expect(points).toHaveLength(360);
  expect(points.slice(0, 4)).toMatchObject([
    { at: START, sent: 1, received: 0, waitP50Ms: null },
    { received: 1, started: 0 },
    { started: 1, succeeded: 0, runP50Ms: null },
    { succeeded: 1, runP99Ms: expect.closeTo(9_000, -3) as number, waitP50Ms: expect.closeTo(20_000, -4) as number },
  ]);
  expect(points.at(-1)).toMatchObject({ sent: 0, succeeded: 0, runP50Ms: null });
});

test("an outcome that is corrected moves", () => {
  const series = seriesOf([one("task.failed", 1), one("task.succeeded", 15, { run: 1 })]);
  expect(series.total()).toMatchObject({ failed: 0, succeeded: 1 });
  expect(series.read(hour).points.slice(0, 2)).toMatchObject([{ failed: 0 }, { succeeded: 1 }]);
});

test("every attempt is received and started, and every retry counts once, whether or not word of it came in time", () => {
  const again = { run: runOf(1, 0) };
  const first = [one("task.received", 1), one("task.started", 2)];
  const second = [one("task.received", 4, again), one("task.started", 5, again), one("task.succeeded", 6, again)];
  const expected = { received: 2, started: 2, retried: 1, succeeded: 1 };
  expect(seriesOf([...first, one("task.retried", 3), ...second]).total()).toMatchObject(expected);
  expect(seriesOf([...first, second[0]!, one("task.retried", 3), ...second.slice(1)]).total()).toMatchObject(expected);
  expect(seriesOf([...first, ...second]).total()).toMatchObject(expected);
});

test("retries before the first word of a task are not made up", () => {
  expect(seriesOf([one("task.received", 1, { run: runOf(5, 0) })]).total()).toMatchObject({ received: 1, retried: 0 });
});

test("a name that comes late takes what was counted with it", () => {
  const series = seriesOf([
    one("task.failed", 1),
    one("task.sent", 0, { name: "n", queue: "q" }),
    one("task.received", 0, { worker: "w" }),
  ]);
  expect(series.totals("name").get("n")).toMatchObject({ sent: 1, received: 1, failed: 1 });
  expect(series.totals("queue").get("q")).toMatchObject({ sent: 1, failed: 1 });
  expect(series.totals("worker").get("w")).toMatchObject({ sent: 0, received: 1, failed: 1 });
  expect(series.sum({ ...hour, by: "name", key: "n" })).toMatchObject({ sent: 1, failed: 1 });
  expect(series.sum({ ...hour, by: "name", key: "unheard of" })).toMatchObject({ sent: 0 });
});

test("beyond the first keys all others are one", () => {
  const series = seriesOf(
    ["n1", "n2", "n3", "n4"].map((name) => taskEvent("task.sent", name, 1, { name })),
    2,
  );
  expect([...series.totals("name").keys()]).toEqual(["n1", "n2", OTHER]);
  expect(series.sum({ ...hour, by: "name", key: OTHER }).sent).toBe(2);
});

test("what happened long before it was heard has its own bucket while that is kept, then is late", () => {
  const now = START + 40 * DAY;
  const told = (task: string, age: number) => taskEvent("task.sent", task, 0, { at: now - age, seenAt: now });
  const series = seriesOf([told("a", 0), told("b", 2 * HOUR), told("c", 3 * DAY), told("d", 35 * DAY)]);
  const sentIn = (span: number) =>
    series.read({ from: now - span, to: now + 1, by: "all" }).points.reduce((sum, { sent }) => sum + sent, 0);
  expect(sentIn(HOUR)).toBe(1);
  expect(sentIn(6 * HOUR)).toBe(2);
  expect(sentIn(7 * DAY)).toBe(3);
  expect(series.late).toBe(1);
  expect(series.total().sent).toBe(4);
});

test("a clock that is ahead counts when it is heard, and moves no other bucket", () => {
  const ahead = one("task.started", 0, { at: START + 5 * HOUR });
  const series = seriesOf([taskEvent("task.started", "b", 0), ahead, taskEvent("task.started", "c", 20)]);
  expect(series.read(hour).points.slice(0, 3)).toMatchObject([{ started: 2 }, { started: 0 }, { started: 1 }]);
});

test("old buckets are given to new ones, and nothing is counted twice", () => {
  const series = new Series();
  const begin = Math.ceil(START / DAY) * DAY;
  for (let at = begin; at < begin + 3 * DAY; at += 60_000) {
    series.advance(at);
    series.move(undefined, new Marks().read(fold(undefined, taskEvent("task.sent", `${at}`, 0, { at, seenAt: at }))));
  }
  const end = begin + 3 * DAY;
  for (const [span, width] of [
    [HOUR / 12, 10_000],
    [HOUR, 10_000],
    [6 * HOUR, 60_000],
    [DAY, 300_000],
    [3 * DAY, 1_800_000],
  ] as const) {
    const { points, bucketMs } = series.read({ from: end - span, to: end, by: "all" });
    expect(bucketMs).toBe(width);
    expect(points.length).toBeLessThanOrEqual(360);
    expect(points.reduce((sum, { sent }) => sum + sent, 0)).toBe(span / 60_000);
    expect(series.sum({ from: end - span, to: end, by: "all" }).sent).toBe(span / 60_000);
  }
});

test("a window of any age and length has at most 360 points, its last one at its end", () => {
  const series = seriesOf([one("task.sent", 1)]);
  for (const span of [1, 999, HOUR + 1, 3 * DAY + 5, 400 * DAY, 9_000 * DAY]) {
    const to = START + 12_345;
    const { points, bucketMs } = series.read({ from: to - span, to, by: "all" });
    expect(points.length).toBeGreaterThan(0);
    expect(points.length).toBeLessThanOrEqual(360);
    expect(points.at(-1)!.at).toBeLessThan(to);
    expect(points.at(-1)!.at + bucketMs).toBeGreaterThanOrEqual(to);
  }
  expect(series.read({ from: START, to: START, by: "all" }).points).toEqual([]);
});
