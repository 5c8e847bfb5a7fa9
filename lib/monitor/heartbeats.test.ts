import { describe, expect, test } from "vitest";
import { foldWorker } from "../model/fold-worker.ts";
import type { Event, WorkerEvent } from "../model/event.ts";
import type { Worker } from "../model/worker.ts";
import { Heartbeats } from "./heartbeats.ts";

const START = 1_790_000_000_000;

function beat(second: number, type: WorkerEvent["type"] = "worker.heartbeat", pid = 7): WorkerEvent {
  const at = START + second * 1000;
  return { type, worker: "w", at, seenAt: at, source: "event", pid, details: JSON.stringify({ heartbeatMs: 2_000 }) };
}

/** Heartbeats and the worker that their stored events make. */
class Scene {
  readonly heartbeats = new Heartbeats(START, () => this.worker !== undefined);
  worker: Worker | undefined;

  hear(...events: Event[]): Event[] {
    const stored = this.heartbeats.filter(events);
    for (const event of stored) if (event.type.startsWith("worker.")) this.worker = foldWorker(this.worker, event as WorkerEvent);
    return stored;
  }

  judge(second: number): Worker["state"] | undefined {
    const verdicts = this.heartbeats.judge(this.worker === undefined ? [] : [this.worker], START + second * 1000);
    for (const verdict of verdicts) this.worker = foldWorker(this.worker, verdict);
    return this.worker?.state;
  }
}

describe("heartbeats", () => {
  test("of beats that change nothing one in thirty seconds is stored", () => {
    const scene = new Scene();
    const stored = Array.from({ length: 60 }, (_, i) => scene.hear(beat(i * 2)).length);
    expect(stored.reduce((sum, count) => sum + count, 0)).toBe(4);
  });

  test("silence makes a worker late, then lost, and a beat brings it back", () => {
    const scene = new Scene();
    scene.hear(beat(0));
    expect(scene.judge(5)).toBe("online");
    expect(scene.judge(7)).toBe("late");
    expect(scene.judge(19)).toBe("late");
    expect(scene.judge(21)).toBe("lost");
    scene.hear(beat(30));
    expect(scene.judge(31)).toBe("online");
  });

  test("a worker is known as soon as it speaks of a task, and once", () => {
    const scene = new Scene();
    const started: Event = { type: "task.started", task: "t", worker: "w", run: 0, at: START, seenAt: START, source: "event" };
    scene.hear(started, { ...started, task: "u" });
    expect(scene.worker).toMatchObject({ name: "w", state: "silent", lastSeenAt: START });
    expect(scene.hear(started)).toEqual([started]);
    expect(scene.judge(600)).toBe("silent"); // one that never beats is not missed for that
    scene.hear(beat(601));
    expect(scene.worker).toMatchObject({ state: "online", boots: 0 });
    expect(scene.judge(622)).toBe("lost");
  });

  test("task events and answers are signs of life too", () => {
    const scene = new Scene();
    scene.hear(beat(0));
    const at = START + 18_000;
    scene.hear({ type: "task.started", task: "t", worker: "w", at, seenAt: at, source: "event" });
    expect(scene.judge(20)).toBe("online");
  });

  test("nobody is late for what we could not hear", () => {
    const scene = new Scene();
    scene.hear(beat(0));
    scene.heartbeats.reopened(START + 60_000);
    expect(scene.judge(62)).toBe("online");
    expect(scene.judge(81)).toBe("lost");
  });

  test("a worker that stopped is not judged", () => {
    const scene = new Scene();
    scene.hear(beat(0), beat(1, "worker.offline"));
    expect(scene.judge(100)).toBe("stopped");
  });

  test("a busy solo pool is late, not lost", () => {
    const scene = new Scene();
    scene.hear(beat(0), { ...beat(1, "worker.inspected"), source: "inspect", details: JSON.stringify({ pool: "solo" }) });
    expect(scene.judge(120)).toBe("late");
  });

  test("a reconnect loop is named, its boots are not stored, and its end is told", () => {
    const scene = new Scene();
    const stored = Array.from({ length: 20 }, (_, i) => [
      ...scene.hear(beat(i * 0.3, "worker.online")),
      ...scene.hear(beat(i * 0.3 + 0.1, "worker.offline")),
    ]).flat();
    expect(scene.worker?.state).toBe("looping");
    expect(scene.worker?.reason).toContain("breaks its connection");
    expect(stored.length).toBeLessThan(12);
    scene.hear(beat(14));
    expect(scene.judge(17)).toBe("online");
  });

  test("a loop is recognized on a machine so busy that it goes slowly", () => {
    const scene = new Scene();
    for (let i = 0; i < 5; i++) scene.hear(beat(i * 3, "worker.online"), beat(i * 3 + 0.1, "worker.offline"));
    expect(scene.worker?.state).toBe("looping");
  });

  test("a worker that was stopped in its loop is stopped", () => {
    const scene = new Scene();
    for (let i = 0; i < 9; i++) scene.hear(beat(i, "worker.online"), beat(i + 0.1, "worker.offline"));
    expect(scene.judge(10)).toBe("looping");
    expect(scene.judge(20)).toBe("stopped");
  });
});
