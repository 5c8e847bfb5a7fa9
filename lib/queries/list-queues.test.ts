import { beforeEach, describe, expect, test } from "vitest";
import { errorCode } from "../errors.ts";
import { LOCAL_OPERATOR } from "../model/viewer.ts";
import { type TestMonitor, taskEvent, testMonitor, workerEvent } from "../testing/monitor.ts";
import { getQueue } from "./get-queue.ts";
import { listQueues } from "./list-queues.ts";

const NOW = Date.now();
let prod: TestMonitor;

beforeEach(() => {
  prod = testMonitor();
});

/** Depths every ten seconds until now. */
function sampleDepths(depths: Record<string, readonly number[]>): void {
  const length = Math.max(...Object.values(depths).map((own) => own.length));
  for (let index = 0; index < length; index++) {
    const at = NOW - (length - 1 - index) * 10_000;
    const queues = Object.entries(depths).map(([name, own]) => ({ name, byPriority: [{ priority: 0, depth: own[index] ?? 0 }] }));
    prod.sample({ at, queues });
  }
}

describe("queues", () => {
  test("come with their health, the worst first", async () => {
    await prod.tell(workerEvent("worker.heartbeat", "w1@a", NOW, { queues: ["growing", "fine", "idle"] }));
    sampleDepths({
      idle: Array.from({ length: 31 }, () => 0),
      fine: Array.from({ length: 31 }, () => 7),
      growing: Array.from({ length: 31 }, (_, index) => index * 20),
      orphan: Array.from({ length: 31 }, () => 3),
    });
    const { queues } = await listQueues(prod.monitor, LOCAL_OPERATOR, {});
    expect(queues.map(({ name, health }) => [name, health])).toEqual([
      ["orphan", "unconsumed"],
      ["growing", "growing"],
      ["fine", "fine"],
      ["idle", "idle"],
    ]);
    expect(queues[1]).toMatchObject({ depth: 600, consumers: ["w1@a"], reason: "Grows by 120 a minute; 600 messages wait." });
  });

  test("have unknown consumers until every worker that is alive has told what it consumes", async () => {
    sampleDepths({ mail: [3] });
    await prod.tell(workerEvent("worker.heartbeat", "w1@a", NOW, { queues: ["other"] }), workerEvent("worker.heartbeat", "w2@a", NOW));
    expect((await listQueues(prod.monitor, LOCAL_OPERATOR, {})).queues[0]).toMatchObject({ consumers: null, health: "fine" });
    await prod.tell(workerEvent("worker.offline", "w2@a", NOW));
    expect((await listQueues(prod.monitor, LOCAL_OPERATOR, {})).queues[0]).toMatchObject({ consumers: [], health: "unconsumed" });
  });

  test("have rates only where producers tell what they send", async () => {
    sampleDepths({ mail: [1], silent: [1] });
    for (let index = 0; index < 10; index++) {
      await prod.tell(taskEvent("task.sent", `t${index}`, NOW - 60_000, { queue: "mail" }));
      if (index < 5) await prod.tell(taskEvent("task.received", `t${index}`, NOW - 50_000, { worker: "w1@a" }));
    }
    await prod.tell(taskEvent("task.waiting", "s", NOW, { queue: "silent", source: "queue" }), taskEvent("task.received", "s", NOW));
    const { queues } = await listQueues(prod.monitor, LOCAL_OPERATOR, {});
    const rates = queues.map(({ name, inPerMinute, outPerMinute }) => [name, inPerMinute, outPerMinute]);
    expect(rates.toSorted()).toEqual([
      ["mail", 2, 1],
      ["silent", null, null],
    ]);
  });

  test("that are gone stay as long as the window, or while nothing can be read", async () => {
    prod.sample({ at: NOW - 7_200_000, queues: [{ name: "gone", byPriority: [] }] });
    expect((await listQueues(prod.monitor, LOCAL_OPERATOR, {})).queues).toHaveLength(1);
    prod.sample({ at: NOW, queues: [{ name: "here", byPriority: [] }] });
    expect((await listQueues(prod.monitor, LOCAL_OPERATOR, {})).queues.map(({ name }) => name)).toEqual(["here"]);
    expect((await listQueues(prod.monitor, LOCAL_OPERATOR, { window: "6h" })).queues).toHaveLength(2);
  });
});

describe("one queue", () => {
  test("shows what workers hold of it", async () => {
    sampleDepths({ mail: [1] });
    await prod.tell(taskEvent("task.sent", "mine", NOW, { queue: "mail" }), taskEvent("task.sent", "other", NOW, { queue: "slow" }));
    const held = { name: "n", takenAt: NOW, holder: null, etaAt: null };
    prod.broker.held.push({ ...held, tag: "1", id: "mine" }, { ...held, tag: "2", id: "other" }, { ...held, tag: "3", id: null });
    const detail = await getQueue(prod.monitor, LOCAL_OPERATOR, { name: "mail" });
    expect(detail).toMatchObject({ queue: { name: "mail", depth: 1 }, held: [{ id: "mine" }], heldTotal: 1 });
  });

  test("is shown while the broker is away", async () => {
    sampleDepths({ mail: [1] });
    prod.broker.problem = new Error("connection refused");
    expect(await getQueue(prod.monitor, LOCAL_OPERATOR, { name: "mail" })).toMatchObject({ queue: { depth: 1 }, held: [] });
  });

  test("that was never read is not found", async () => {
    const failing = getQueue(prod.monitor, LOCAL_OPERATOR, { name: "nowhere" });
    expect(errorCode(await failing.catch((error: unknown) => error))).toBe("not-found");
  });
});
