import { beforeEach, describe, expect, test } from "vitest";
import { AppError, errorCode } from "../errors.ts";
import type { TaskEvent } from "../model/event.ts";
import { LOCAL_OPERATOR } from "../model/viewer.ts";
import { type TestMonitor, taskEvent, testMonitor } from "../testing/monitor.ts";
import { revokeTask } from "./revoke-task.ts";

const AT = Date.now() - 60_000;
let prod: TestMonitor;

beforeEach(() => {
  prod = testMonitor();
});

const stages: Record<string, TaskEvent> = {
  waiting: taskEvent("task.sent", "t", AT, { queue: "mail" }),
  scheduled: taskEvent("task.received", "t", AT, { etaAt: AT + 600_000 }),
  running: taskEvent("task.started", "t", AT),
  crunching: taskEvent("task.progress", "t", AT, { state: "CRUNCHING" }),
  over: taskEvent("task.succeeded", "t", AT),
  lost: taskEvent("task.lost", "t", AT),
};

describe("a task that is", () => {
  test.each([
    ["waiting", false, "done"],
    ["scheduled", false, "done"],
    ["running", false, "conflict"],
    ["over", false, "conflict"],
    ["lost", false, "done"],
    ["waiting", true, "conflict"],
    ["running", true, "done"],
    ["crunching", true, "done"],
    ["over", true, "conflict"],
    ["unheard of", false, "not-found"],
  ])("%s, with terminate %s: %s", async (stage, terminate, expected) => {
    const event = stages[stage];
    if (event !== undefined) await prod.tell(event);
    const done = revokeTask(prod.monitor, LOCAL_OPERATOR, { id: "t" }, { terminate, confirm: true });
    expect(await done.then(() => "done", errorCode)).toBe(expected);
    expect(prod.broker.revoked).toHaveLength(expected === "done" ? 1 : 0);
  });
});

test("what was done is told and recorded", async () => {
  await prod.tell(taskEvent("task.started", "t", AT, { queue: "mail" }));
  const outcome = await revokeTask(prod.monitor, LOCAL_OPERATOR, { id: "t" }, { terminate: true, signal: "SIGKILL", confirm: true });
  expect(outcome).toEqual({ message: "2 workers were told.", id: null });
  expect(prod.broker.revoked).toEqual([{ task: "t", terminate: true, signal: "SIGKILL", queue: "mail" }]);
  expect(prod.recorded).toMatchObject([
    {
      type: "task.acted",
      task: "t",
      action: "terminate",
      actor: "local operator",
      payload: { data: '{"outcome":"2 workers were told."}' },
    },
  ]);
});

test("what failed is recorded and told", async () => {
  await prod.tell(taskEvent("task.sent", "t", AT));
  prod.broker.problem = new AppError("unavailable", "Redis is away");
  await expect(revokeTask(prod.monitor, LOCAL_OPERATOR, { id: "t" }, { confirm: true })).rejects.toThrow("Redis is away");
  expect(prod.recorded).toMatchObject([{ action: "revoke", payload: { data: '{"outcome":"failed: Redis is away"}' } }]);
});

test("who may only look is refused", async () => {
  await prod.tell(taskEvent("task.sent", "t", AT));
  const done = revokeTask(prod.monitor, { ...LOCAL_OPERATOR, mayAct: false }, { id: "t" }, { confirm: true });
  expect(await done.then(() => "done", errorCode)).toBe("refused");
});
