import { describe, expect, test } from "vitest";
import type { OurHealth } from "../contract/overview.ts";
import type { QueueRow } from "../contract/queue.ts";
import type { WorkerRow } from "../contract/worker.ts";
import { type Facts, findingsOf } from "./findings.ts";

const NOW = Date.UTC(2026, 5, 1, 14, 2);
const MINUTE = 60_000;

const us: OurHealth = {
  role: "leader",
  lagMs: 120,
  connected: true,
  problem: null,
  lastEventAt: NOW - 500,
  store: "redis",
  replaying: null,
  tasks: 10,
  events: 30,
  lostEvents: 0,
  malformed: 0,
  logBytes: 1_000,
  oldestAt: NOW - 60 * MINUTE,
};

function worker(given: Partial<WorkerRow> & { name: string }): WorkerRow {
  return {
    state: "online",
    reason: "",
    kind: "worker",
    lastSeenAt: NOW,
    startedAt: null,
    software: null,
    pid: null,
    pool: null,
    slots: null,
    active: 0,
    processed: null,
    prefetched: null,
    loadavg: null,
    queues: null,
    clockOffsetMs: null,
    succeeded: 0,
    failed: 0,
    ...given,
  };
}

function queue(given: Partial<QueueRow> & { name: string }): QueueRow {
  return {
    depth: 0,
    byPriority: [],
    oldest: null,
    consumers: ["w1@a"],
    inPerMinute: null,
    outPerMinute: null,
    history: [],
    health: "fine",
    reason: "",
    expiresInMs: null,
    sampledAt: NOW,
    ...given,
  };
}

const healthy: Facts = {
  now: NOW,
  windowMs: 60 * MINUTE,
  us,
  queues: [queue({ name: "celery", depth: 12 })],
  workers: [worker({ name: "w1@a", active: 3 })],
  redis: { usedBytes: 50, maxBytes: 100, policy: "noeviction", clients: 9, evicted: 0, version: "7.0.0", sampledAt: NOW },
  taskEventsHeard: true,
  gaps: [],
  malformed: [],
  poison: [],
  orphaned: { count: 0, oldestMs: null },
  failing: [],
};

/** `severity kind: text (href)` of each finding. */
function said(given: Partial<Facts>): string[] {
  return findingsOf({ ...healthy, ...given }).map(
    ({ severity, kind, text, href }) => `${severity} ${kind}: ${text}${href === null ? "" : ` (${href})`}`,
  );
}

test("nothing is said about what is well", () => {
  expect(said({})).toEqual([]);
});

test("nothing is said about a system that has never run a task", () => {
  expect(said({ taskEventsHeard: false, queues: [], workers: [worker({ name: "w1@a" })] })).toEqual([]);
});

describe("a finding says", () => {
  const looping = worker({ name: "w1@a", state: "looping", reason: "it came back 9 times in 10 s" });
  const cases: [string, Partial<Facts>, string[]][] = [
    [
      "that Redis is away",
      { us: { ...us, connected: false, problem: "connection refused", lastEventAt: NOW - 3 * MINUTE } },
      ["trouble stale: No data for 3 min: connection refused."],
    ],
    [
      "that nothing is stored",
      { us: { ...us, problem: "the store is at 96 % of maxmemory" } },
      ["trouble log-paused: Nothing new is stored: the store is at 96 % of maxmemory."],
    ],
    [
      "that the history is being read",
      { us: { ...us, replaying: { done: 450, of: 1_000 } } },
      ["note stale: The history is still being read: 45 %."],
    ],
    [
      "that events are switched off",
      { taskEventsHeard: false },
      [
        "warning no-events: No events about tasks arrive, although 1 worker is there. " +
          "Set worker_send_task_events (or start workers with -E), and task_send_sent_event where tasks are sent.",
      ],
    ],
    [
      "how many events were lost",
      {
        gaps: [
          { at: NOW - 9 * MINUTE, count: null, reason: "the connection broke" },
          { at: NOW - 5 * MINUTE, count: 1_200, reason: "a bound was reached" },
        ],
      },
      ["warning gap: At least 1,200 events were not heard in 2 gaps, last 5 min ago: a bound was reached."],
    ],
    [
      "what could not be read",
      { malformed: [{ at: NOW - MINUTE, count: 1, where: "queue celery", reason: "not JSON" }] },
      ["warning malformed: 1 thing on the broker could not be read, last 1 min ago in queue celery: not JSON."],
    ],
    [
      "that a worker loops",
      { workers: [looping] },
      ["trouble worker-looping: w1@a reconnects over and over and runs nothing: it came back 9 times in 10 s. (/workers/w1%40a)"],
    ],
    [
      "which message makes workers loop",
      {
        workers: [looping],
        poison: [
          { where: "unacked", reason: "another" },
          { where: "queue a/b", reason: "the message has no id" },
        ],
      },
      [
        "trouble poison: w1@a reconnects over and over and runs nothing, because of a message in queue a/b: the message has no id. " +
          "Remove the message: that ends it at once. (/queues/a%2Fb)",
      ],
    ],
    [
      "which message it is, of those that were seen, by the queues of the worker",
      {
        workers: [{ ...looping, queues: ["mail"] }],
        poison: [
          { where: "queue mail", reason: "no id" },
          { where: "queue billing", reason: "another" },
        ],
      },
      [
        "trouble poison: w1@a reconnects over and over and runs nothing, because of a message in queue mail: no id. " +
          "Remove the message: that ends it at once. (/queues/mail)",
      ],
    ],
    [
      "what fails since when, worst first",
      {
        failing: [
          { name: "resize", exceptionType: null, failed: 20, ended: 90, since: null },
          { name: "send_invoice", exceptionType: "ConnectionError", failed: 312, ended: 340, since: NOW - 12 * MINUTE },
        ],
      },
      [
        "trouble failing: send_invoice has failed for 12 min: 312 of 340 runs, ConnectionError. (/tasks?state=FAILURE&name=send_invoice)",
        "warning failing: resize has failed: 20 of 90 runs. (/tasks?state=FAILURE&name=resize)",
      ],
    ],
    [
      "which queues grow or stand still, deepest first",
      {
        queues: [
          queue({ name: "mail", depth: 3, health: "unconsumed", reason: "No worker consumes it." }),
          queue({ name: "billing", depth: 2_104, health: "growing", reason: "Grows by 40 a minute." }),
        ],
      },
      [
        "trouble queue-growing: billing: Grows by 40 a minute. (/queues/billing)",
        "trouble queue-unconsumed: mail: No worker consumes it. (/queues/mail)",
      ],
    ],
    [
      "which workers are lost or late, but not those that were lost long ago",
      {
        workers: [
          ...["w1@a", "w2@a", "w3@a", "w4@a"].map((name) => worker({ name, state: "lost", lastSeenAt: NOW - 4 * MINUTE })),
          worker({ name: "old@a", state: "lost", lastSeenAt: NOW - 600 * MINUTE }),
          worker({ name: "w5@a", state: "late" }),
        ],
      },
      [
        "trouble worker-lost: w1@a, w2@a and 2 more are lost: nothing heard for 4 min. (/workers)",
        "warning worker-late: w5@a is late: no heartbeat when one was due. (/workers/w5%40a)",
      ],
    ],
    [
      "what dead workers still hold",
      { orphaned: { count: 2, oldestMs: 12 * MINUTE } },
      [
        "warning orphaned: 2 messages were taken by workers that are gone, the oldest for 12 min. " +
          "They return to their queues after the visibility timeout. (/queues)",
      ],
    ],
    [
      "what Redis does when it is full",
      { redis: { usedBytes: 95, maxBytes: 100, policy: "allkeys-lru", clients: 9, evicted: 7, version: "7.0.0", sampledAt: NOW } },
      [
        "trouble redis: Redis has filled 95 % of its maxmemory: it begins to drop keys.",
        "trouble redis: Redis has dropped 7 keys to save memory since it started; messages may be among them.",
        "warning redis: Redis may drop queues and results when it is full: maxmemory-policy is allkeys-lru, a broker needs noeviction.",
      ],
    ],
  ];
  test.each(cases)("%s", (_, given, expected) => {
    expect(said(given)).toEqual(expected);
  });
});

test("a dozen bad queues do not fill the page", () => {
  const bad = Array.from({ length: 12 }, (_, index) => queue({ name: `q${index}`, depth: index, health: "growing", reason: "Grows." }));
  const texts = said({ queues: bad });
  expect(texts).toHaveLength(6);
  expect(texts.at(-1)).toContain("7 more queues");
});
