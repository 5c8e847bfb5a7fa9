import { describe, expect, test } from "vitest";
import type { WorkerEvent, WorkerEventType } from "../model/event.ts";
import type { WorkerData } from "../model/worker.ts";
import { Workers } from "./workers.ts";

function heard(type: WorkerEventType, worker: string, at: number, data: WorkerData = {}): WorkerEvent {
  return { type, worker, at, seenAt: at, source: "event", pid: 7, details: JSON.stringify(data) };
}

/** Their ordinals are their times. */
function apply(workers: Workers, ...events: WorkerEvent[]): Workers {
  for (const event of events) workers.apply(event, event.seenAt);
  return workers;
}

test("outcomes are counted whether the worker or its tasks were heard of first", () => {
  const workers = new Workers();
  workers.count("w1", "succeeded", 1);
  expect(workers.all()).toEqual([]);
  apply(workers, heard("worker.online", "w1", 1));
  workers.count("w1", "failed", 1);
  expect(workers.get("w1")).toMatchObject({ name: "w1", state: "online", succeeded: 1, failed: 1 });
});

test("beyond the bound the dead go first, and are counted", () => {
  const workers = new Workers(10);
  for (let n = 0; n < 10; n++) apply(workers, heard("worker.online", `w${n}`, n + 1));
  apply(workers, heard("worker.offline", "w7", 100));
  apply(workers, heard("worker.online", "new", 101));
  expect(workers.get("w7")).toBeUndefined();
  expect(workers.all()).toHaveLength(10);
  apply(workers, heard("worker.online", "newer", 102));
  expect(workers.get("w0")).toBeUndefined();
  expect(workers.omitted).toBe(2);
});

test("a worker that is gone is forgotten", () => {
  const workers = new Workers();
  apply(workers, heard("worker.online", "w1", 1));
  apply(workers, heard("worker.gone", "w1", 2));
  expect(workers.all()).toEqual([]);
});

describe("before events are trimmed", () => {
  const history = [
    heard("worker.online", "w1", 1, { software: "py-celery 5.7.0" }),
    heard("worker.inspected", "w1", 2, { pool: "prefork", slots: 4, queues: ["a"] }),
    heard("worker.online", "gone", 3),
    heard("worker.offline", "gone", 4),
    heard("worker.heartbeat", "w1", 5, { active: 3 }),
    heard("worker.online", "new", 6),
  ];

  test("workers that are there are written again, so that a replica which reads the rest shows the same", () => {
    const workers = apply(new Workers(), ...history);
    const known = workers.knownBefore(5, 6, 7);
    expect(known.map(({ worker }) => worker)).toEqual(["w1"]);
    const late = heard("worker.heartbeat", "w1", 8, { active: 0 });
    apply(workers, ...known, late);
    workers.trim(5);
    const restarted = apply(new Workers(), ...history.slice(4), ...known, late);
    expect(workers.all()).toMatchObject([{ name: "w1", slots: 4, active: 0, boots: 1 }, { name: "new" }]);
    expect(restarted.all()).toEqual(workers.all());
    expect(workers.knownBefore(7, 8, 9).map(({ worker }) => worker)).toEqual(["new"]);
  });

  test("what is heard while they are being written again is not taken back", () => {
    const workers = apply(new Workers(), ...history);
    const known = workers.knownBefore(5, 6, 8);
    apply(workers, heard("worker.offline", "w1", 7), ...known);
    expect(workers.get("w1")).toMatchObject({ state: "stopped", slots: 4 });
    const restarted = apply(new Workers(), ...history.slice(4), heard("worker.offline", "w1", 7), ...known);
    expect(restarted.get("w1")).toMatchObject({ state: "stopped", slots: 4, firstSeenAt: 1 });
  });
});
