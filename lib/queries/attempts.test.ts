import { expect, test } from "vitest";
import { type TaskEvent, runOf } from "../model/event.ts";
import { attemptsOf } from "./attempts.ts";

const AT = Date.UTC(2026, 5, 1);

function event(type: TaskEvent["type"], afterMs: number, given: Partial<TaskEvent> = {}): TaskEvent {
  return { type, task: "t", at: AT + afterMs, seenAt: AT + afterMs, source: "event", worker: "w1@a", ...given };
}

test("each execution has its own times, worker, state and exception", () => {
  const attempts = attemptsOf([
    event("task.sent", 0, { run: 0, queue: "billing" }),
    event("task.received", 100, { run: 0, pid: 7 }),
    event("task.started", 200, { run: 0, pid: 7 }),
    event("task.retried", 700, { run: 0, exceptionType: "KeyError", payload: { exception: "KeyError: 'a'", traceback: "Traceback …" } }),
    event("task.received", 900, { run: runOf(1, 0), retries: 1, etaAt: AT + 10_700 }),
    event("task.started", 10_800, { run: runOf(1, 0), worker: "w2@b" }),
    event("task.succeeded", 11_800, { run: runOf(1, 0), worker: "w2@b", runtimeMs: 990 }),
    event("task.acted", 20_000, { action: "rerun" }),
  ]);
  expect(attempts).toHaveLength(2);
  expect(attempts[0]).toMatchObject({
    retries: 0,
    state: "RETRY",
    worker: "w1@a",
    pid: 7,
    queue: "billing",
    sentAt: AT,
    startedAt: AT + 200,
    endedAt: AT + 700,
    runMs: 500,
    exception: "KeyError: 'a'",
    traceback: "Traceback …",
  });
  expect(attempts[1]).toMatchObject({
    retries: 1,
    delivery: 0,
    state: "SUCCESS",
    worker: "w2@b",
    etaAt: AT + 10_700,
    runMs: 990,
    exception: null,
  });
});

test("a message that was delivered again is an attempt of its own", () => {
  const attempts = attemptsOf([
    event("task.started", 0, { run: runOf(0, 0) }),
    event("task.started", 900, { run: runOf(0, 1), worker: "w2@b" }),
  ]);
  expect(attempts.map(({ retries, delivery, worker }) => [retries, delivery, worker])).toEqual([
    [0, 0, "w1@a"],
    [0, 1, "w2@b"],
  ]);
});

test("an outcome that was stored before its delivery was heard of is no end of the one before", () => {
  const delivery = (run: number, afterMs: number): TaskEvent[] => [
    event("task.received", afterMs, { run }),
    event("task.started", afterMs, { run }),
  ];
  const stored = event("task.succeeded", 7_000, { run: runOf(0, 0), source: "result", payload: { result: "3" } });
  const told = event("task.succeeded", 7_010, { run: runOf(0, 1), runtimeMs: 4 });
  const attempts = attemptsOf([...delivery(runOf(0, 0), 0), stored, ...delivery(runOf(0, 1), 7_005), told]);
  expect(attempts).toMatchObject([
    { state: "STARTED", endedAt: null, runMs: null },
    { state: "SUCCESS", endedAt: AT + 7_010, runMs: 4 },
  ]);
  const both = event("task.succeeded", 7_001, { run: runOf(0, 0) });
  expect(attemptsOf([...delivery(runOf(0, 0), 0), stored, both, ...delivery(runOf(0, 1), 7_005), told])).toMatchObject([
    { state: "SUCCESS", endedAt: AT + 7_001 },
    { state: "SUCCESS" },
  ]);
});
