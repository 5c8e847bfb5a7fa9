import { beforeEach, describe, expect, test } from "vitest";
import { Overview } from "../contract/overview.ts";
import { FLAG_EXPIRED } from "../model/event.ts";
import { LOCAL_OPERATOR } from "../model/viewer.ts";
import { type TestMonitor, taskEvent, testMonitor, workerEvent } from "../testing/monitor.ts";
import { getOverview } from "./get-overview.ts";

const NOW = Date.now();
const MINUTE = 60_000;
let prod: TestMonitor;

beforeEach(() => {
  prod = testMonitor();
});

async function run(name: string, at: number, ending: "task.succeeded" | "task.failed", count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const id = `${name}-${at}-${ending}-${index}`;
    const failure = ending === "task.failed" ? { exceptionType: "ConnectionError" } : {};
    await prod.tell(
      taskEvent("task.received", id, at, { name, worker: "w1@a" }),
      taskEvent("task.started", id, at + 10, { worker: "w1@a" }),
      taskEvent(ending, id, at + 110, { worker: "w1@a", runtimeMs: 100, ...failure }),
    );
  }
}

describe("the overview", () => {
  test("of a system that is well has numbers and no findings", async () => {
    await prod.tell(workerEvent("worker.heartbeat", "w1@a", NOW, { active: 1, slots: 4, queues: ["mail"] }));
    prod.sample({
      at: NOW,
      queues: [{ name: "mail", byPriority: [{ priority: 0, depth: 2 }] }],
      unacked: { count: 1, oldestAt: NOW - 5_000 },
      redis: { usedBytes: 10, maxBytes: null, policy: "noeviction", clients: 3, evicted: 0, version: "7.0.0" },
    });
    await run("mail.send", NOW - MINUTE, "task.succeeded", 3);
    await prod.tell(
      taskEvent("task.started", "now", NOW, { worker: "w1@a" }),
      taskEvent("task.revoked", "late", NOW, { flags: FLAG_EXPIRED }),
    );
    const overview = await getOverview(prod.monitor, LOCAL_OPERATOR, {});
    expect(Overview.parse(overview)).toMatchObject({
      findings: [],
      byState: { SUCCESS: 3, STARTED: 1, REVOKED: 1 },
      ended: { succeeded: 3, failed: 0, retried: 0, revoked: 1 },
      waiting: 2,
      running: 1,
      slots: 4,
      failures: [],
      redis: { clients: 3, sampledAt: NOW },
    });
    expect(overview.runP95Ms).toBeGreaterThan(90);
  });

  test("says what fails since when", async () => {
    await run("mail.send", NOW - 40 * MINUTE, "task.succeeded", 50);
    await run("mail.send", NOW - 12 * MINUTE, "task.failed", 20);
    await run("mail.send", NOW - MINUTE, "task.failed", 5);
    const { findings, failures } = await getOverview(prod.monitor, LOCAL_OPERATOR, { window: "5m" });
    expect(findings).toMatchObject([{ kind: "failing", severity: "trouble" }]);
    expect(findings[0]?.text).toBe("mail.send has failed for 12 min: 25 of 25 runs, ConnectionError.");
    expect(failures).toMatchObject([{ name: "mail.send", exceptionType: "ConnectionError", count: 5 }]);
  });

  test("says what gone workers took with them", async () => {
    await prod.tell(
      workerEvent("worker.heartbeat", "w1@a", NOW - 3 * MINUTE),
      taskEvent("task.received", "t1", NOW - 3 * MINUTE, { worker: "w1@a" }),
      taskEvent("task.received", "t2", NOW - 2 * MINUTE, { worker: "w1@a" }),
      workerEvent("worker.lost", "w1@a", NOW - MINUTE, { reason: "nothing heard of it for 60 s" }),
    );
    prod.sample({ at: NOW, queues: [], unacked: { count: 2, oldestAt: NOW - 3 * MINUTE } });
    const { findings } = await getOverview(prod.monitor, LOCAL_OPERATOR, {});
    expect(findings.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
      "worker-lost: w1@a is lost: nothing heard for 3 min.",
      "orphaned: 2 messages were taken by workers that are gone, the oldest for 3 min. They return to their queues after the visibility timeout.",
    ]);
  });

  test("says what was not heard or not read within the window", async () => {
    const leader = { source: "leader" as const };
    const details = (where: string, reason: string, sample?: string) => ({ details: JSON.stringify({ where, reason, sample }) });
    await prod.tell(
      taskEvent("task.received", "t", NOW),
      { type: "log.gap", at: NOW - 90 * MINUTE, seenAt: NOW, ...leader, ...details("events", "long ago") },
      { type: "log.gap", at: NOW - MINUTE, seenAt: NOW, ...leader, count: 40, ...details("events", "the connection broke") },
      { type: "log.malformed", at: NOW - 2 * MINUTE, seenAt: NOW, ...leader, count: 5, ...details("queue mail", "not JSON") },
      { type: "log.malformed", at: NOW - 2 * MINUTE, seenAt: NOW, ...leader, count: 1, ...details("events", "no type", "{}") },
      { type: "log.malformed", at: NOW - MINUTE, seenAt: NOW, ...leader, count: 2, ...details("queue mail", "not JSON", "<x>") },
    );
    const { findings, malformed, gaps } = await getOverview(prod.monitor, LOCAL_OPERATOR, {});
    expect(findings.map(({ text }) => text)).toEqual([
      "At least 40 events were not heard, last 1 min ago: the connection broke.",
      "8 things on the broker could not be read, last 1 min ago in queue mail: not JSON.",
    ]);
    expect(malformed).toEqual([
      { where: "queue mail", reason: "not JSON", count: 7, lastAt: NOW - MINUTE, sample: "<x>" },
      { where: "events", reason: "no type", count: 1, lastAt: NOW - 2 * MINUTE, sample: "{}" },
    ]);
    expect(gaps).toEqual([{ fromAt: null, at: NOW - MINUTE, where: "events", reason: "the connection broke", count: 40 }]);
  });
});

test("names that no address can hold do not keep anybody from the overview", async () => {
  const name = "mail\ud83c";
  await prod.tell(workerEvent("worker.heartbeat", name, NOW, { queues: [] }), workerEvent("worker.lost", name, NOW));
  prod.sample({ at: NOW, queues: [{ name, byPriority: [{ priority: 0, depth: 2 }] }] });
  await run(name, NOW - MINUTE, "task.failed", 3);
  const { findings } = await getOverview(prod.monitor, LOCAL_OPERATOR, {});
  expect(findings.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["failing", "queue-unconsumed", "worker-lost"]));
});
