import { beforeEach, expect, test } from "vitest";
import { errorCode } from "../errors.ts";
import { LOCAL_OPERATOR } from "../model/viewer.ts";
import { type TestMonitor, taskEvent, testMonitor, workerEvent } from "../testing/monitor.ts";
import { getWorker } from "./get-worker.ts";
import { listWorkers } from "./list-workers.ts";

const NOW = Date.now();
let prod: TestMonitor;

beforeEach(() => {
  prod = testMonitor();
});

test("a worker is shown with what it runs, holds and did last, the longest running first", async () => {
  const own = { worker: "w1@a" };
  await prod.tell(
    workerEvent("worker.heartbeat", "w1@a", NOW, { slots: 2 }),
    taskEvent("task.started", "short", NOW - 1_000, own),
    taskEvent("task.started", "long", NOW - 9_000, own),
    taskEvent("task.progress", "crunching", NOW - 500, { ...own, state: "CRUNCHING" }),
    taskEvent("task.received", "waiting", NOW - 400, own),
    taskEvent("task.succeeded", "done", NOW - 300, own),
    taskEvent("task.started", "elsewhere", NOW, { worker: "w2@a" }),
  );
  const { worker, running, held, recent } = await getWorker(prod.monitor, LOCAL_OPERATOR, { name: "w1@a" });
  expect(worker).toMatchObject({ name: "w1@a", state: "online", slots: 2, succeeded: 1 });
  expect(running.map(({ id }) => id)).toEqual(["long", "short", "crunching"]);
  expect(held.map(({ id }) => id)).toEqual(["waiting"]);
  expect(recent.map(({ id }) => id)).toEqual(["done"]);
});

test("workers in trouble come first", async () => {
  await prod.tell(
    workerEvent("worker.heartbeat", "b@a", NOW),
    workerEvent("worker.heartbeat", "a@a", NOW),
    workerEvent("worker.offline", "c@a", NOW),
    workerEvent("worker.lost", "d@a", NOW),
  );
  const { workers, total } = await listWorkers(prod.monitor, LOCAL_OPERATOR, {});
  expect(workers.map(({ name }) => name)).toEqual(["d@a", "a@a", "b@a", "c@a"]);
  expect(total).toBe(4);
});

test("a worker that nobody told of is not found", async () => {
  const failing = getWorker(prod.monitor, LOCAL_OPERATOR, { name: "nobody" });
  expect(errorCode(await failing.catch((error: unknown) => error))).toBe("not-found");
});
