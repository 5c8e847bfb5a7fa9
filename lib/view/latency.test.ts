import { expect, test } from "vitest";
import { runOf } from "../model/event.ts";
import { Step, unknownTask, type Task } from "../model/task.ts";
import { runMsOf, waitMsOf } from "./latency.ts";

const task = (facts: Partial<Task>): Task => ({ ...unknownTask("a"), ...facts });

test.each<[string, Partial<Task>, number | undefined]>([
  ["sent to started", { sentAt: 10, receivedAt: 12, startedAt: 15 }, 5],
  ["received to started where sending was not told", { receivedAt: 12, startedAt: 15 }, 3],
  ["due to started", { sentAt: 10, etaAt: 100, startedAt: 103 }, 3],
  ["an ETA that was already over", { sentAt: 10, etaAt: 5, startedAt: 13 }, 3],
  ["clocks that disagree", { sentAt: 20, startedAt: 15 }, 0],
  ["a retry", { sentAt: 10, startedAt: 500, lastRun: runOf(1, 0) }, undefined],
  ["not started", { sentAt: 10 }, undefined],
  ["only started", { startedAt: 10 }, undefined],
])("wait of %s", (_, facts, ms) => {
  expect(waitMsOf(task(facts))).toBe(ms);
});

test.each<[string, Partial<Task>, number | undefined]>([
  ["as the worker measured it", { startedAt: 10, endedAt: 30, runtimeMs: 17 }, 17],
  ["started to ended", { startedAt: 10, endedAt: 30, step: Step.FAILED }, 20],
  ["while it runs", { startedAt: 10, step: Step.STARTED }, 90],
  ["lost while it ran", { startedAt: 10, step: Step.STARTED, doubt: "LOST", doubtAt: 50 }, undefined],
  ["not started", { endedAt: 30, step: Step.REVOKED }, undefined],
  ["ended before the start of another run", { startedAt: 40, endedAt: 30, step: Step.SUCCEEDED, lastRun: 1 }, undefined],
])("run %s", (_, facts, ms) => {
  expect(runMsOf(task(facts), 100)).toBe(ms);
});
