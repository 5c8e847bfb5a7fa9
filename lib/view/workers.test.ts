import { expect, test } from "vitest";
import type { WorkerEvent, WorkerEventType } from "../model/event.ts";
import { Workers } from "./workers.ts";

function heard(type: WorkerEventType, worker: string, at: number): WorkerEvent {
  return { type, worker, at, seenAt: at, source: "event" };
}

test("outcomes are counted whether the worker or its tasks were heard of first", () => {
  const workers = new Workers();
  workers.count("w1", "succeeded", 1);
  expect(workers.all()).toEqual([]);
  workers.apply(heard("worker.online", "w1", 1));
  workers.count("w1", "failed", 1);
  expect(workers.get("w1")).toMatchObject({ name: "w1", state: "online", succeeded: 1, failed: 1 });
});

test("beyond the bound the dead go first, and are counted", () => {
  const workers = new Workers(10);
  for (let n = 0; n < 10; n++) workers.apply(heard("worker.online", `w${n}`, n + 1));
  workers.apply(heard("worker.offline", "w7", 100));
  workers.apply(heard("worker.online", "new", 101));
  expect(workers.get("w7")).toBeUndefined();
  expect(workers.all()).toHaveLength(10);
  workers.apply(heard("worker.online", "newer", 102));
  expect(workers.get("w0")).toBeUndefined();
  expect(workers.omitted).toBe(2);
});

test("a worker that is gone is forgotten", () => {
  const workers = new Workers();
  workers.apply(heard("worker.online", "w1", 1));
  workers.apply(heard("worker.gone", "w1", 2));
  expect(workers.all()).toEqual([]);
});
