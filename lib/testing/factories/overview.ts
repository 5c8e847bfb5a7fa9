import type { Overview, OurHealth } from "../../contract/overview.ts";
import type { Series, SeriesPoint } from "../../contract/series.ts";
import { fineQueue, growingQueue, idleQueue, unconsumedQueue } from "./queue.ts";
import { NOW } from "./task.ts";
import { lateWorker, lostWorker, onlineWorker, silentWorker } from "./worker.ts";

export function goodHealth(over: Partial<OurHealth> = {}): OurHealth {
  return {
    role: "leader",
    lagMs: 320,
    connected: true,
    problem: null,
    lastEventAt: NOW - 300,
    store: "redis",
    replaying: null,
    tasks: 1_204_311,
    events: 3_611_902,
    lostEvents: 0,
    malformed: 0,
    logBytes: 161_000_000,
    oldestAt: NOW - 3 * 86_400_000,
    ...over,
  };
}

/** Redis has gone away eight minutes ago. */
export function deafHealth(over: Partial<OurHealth> = {}): OurHealth {
  return goodHealth({
    connected: false,
    problem: "Redis does not answer: connection refused (10.0.3.7:6379)",
    lastEventAt: NOW - 480_000,
    lagMs: null,
    ...over,
  });
}

/** A system where nobody is needed. */
export function calmOverview(over: Partial<Overview> = {}): Overview {
  return {
    broker: "prod-eu",
    kind: "celery",
    now: NOW,
    from: NOW - 3_600_000,
    to: NOW,
    findings: [],
    byState: { SUCCESS: 1_180_204, FAILURE: 2_311, STARTED: 38, PENDING: 2_417, RETRY: 12, REVOKED: 90, SCHEDULED: 44, RECEIVED: 120 },
    ended: { succeeded: 41_180, failed: 29, retried: 40, revoked: 2 },
    waiting: 301,
    running: 38,
    slots: 56,
    waitP95Ms: 610,
    runP95Ms: 840,
    failures: [],
    queues: [fineQueue(), idleQueue()],
    workers: Array.from({ length: 7 }, (_, index) => onlineWorker({ name: `celery@w${index + 1}-a1`, active: index })),
    redis: {
      usedBytes: 512_000_000,
      maxBytes: 2_147_483_648,
      policy: "noeviction",
      clients: 61,
      evicted: 0,
      version: "7.2.4",
      sampledAt: NOW - 2_000,
    },
    unacked: { count: 158, oldestMs: 400_000 },
    malformed: [],
    gaps: [],
    us: goodHealth(),
    ...over,
  };
}

/** A bad hour: one task fails, one queue grows, a worker is gone. */
export function troubledOverview(over: Partial<Overview> = {}): Overview {
  return calmOverview({
    findings: [
      {
        kind: "failing",
        severity: "trouble",
        text: "billing.send_invoice fails since 14:02: 312 of 340 runs, ConnectionError.",
        href: "/tasks?state=FAILURE&name=billing.send_invoice",
      },
      {
        kind: "queue-growing",
        severity: "trouble",
        text: "billing grows by 40 a minute, oldest 6 min: 3 of 4 consumers stopped.",
        href: "/queues/billing",
      },
      { kind: "worker-late", severity: "warning", text: "celery@w2-a1 has been silent for 9 s.", href: "/workers/celery%40w2-a1" },
    ],
    ended: { succeeded: 41_180, failed: 312, retried: 640, revoked: 2 },
    waiting: 2_417,
    waitP95Ms: 6_100,
    failures: [
      {
        name: "billing.send_invoice",
        exceptionType: "ConnectionError",
        count: 312,
        firstAt: NOW - 480_000,
        lastAt: NOW - 4_000,
        sampleId: "74ff28fb-6f5a-4a51-9d0e-0b7a7f3a9f10",
      },
      {
        name: "images.transcode",
        exceptionType: "billiard.exceptions.WorkerLostError",
        count: 2,
        firstAt: NOW - 3_000_000,
        lastAt: NOW - 900_000,
        sampleId: "5a6be4c1-0000-4000-8000-000000000000",
      },
    ],
    queues: [growingQueue(), unconsumedQueue(), fineQueue(), idleQueue()],
    workers: [onlineWorker(), lateWorker(), onlineWorker({ name: "celery@w3-b2", active: 8 }), lostWorker(), silentWorker()],
    ...over,
  });
}

/** A broker whose workers and producers send no events. */
export function silentOverview(over: Partial<Overview> = {}): Overview {
  return calmOverview({
    findings: [
      {
        kind: "no-events",
        severity: "warning",
        text: "No task event has arrived yet; queues and workers are watched all the same.",
        href: null,
      },
    ],
    byState: {},
    ended: { succeeded: 0, failed: 0, retried: 0, revoked: 0 },
    running: 0,
    waitP95Ms: null,
    runP95Ms: null,
    us: goodHealth({ tasks: 0, events: 0, lastEventAt: null, oldestAt: null }),
    ...over,
  });
}

/** An hour in minutes, with failures since ten to the end and a gap in which nothing ended. */
export function troubledSeries(over: Partial<Series> = {}): Series {
  const points = Array.from({ length: 60 }, (_, minute): SeriesPoint => {
    const quiet = minute >= 20 && minute < 23;
    const bad = minute >= 50;
    const succeeded = quiet ? 0 : Math.round(690 + 60 * Math.sin(minute / 3) - (bad ? 40 : 0));
    const slow = quiet ? null : 1 + (bad ? 6 : 0) + Math.abs(Math.sin(minute));
    return {
      at: NOW - (60 - minute) * 60_000,
      sent: succeeded + 20,
      received: succeeded + 10,
      started: succeeded + 5,
      succeeded,
      failed: bad ? 31 : minute % 17 === 0 ? 1 : 0,
      retried: bad ? 60 : 1,
      revoked: 0,
      rejected: 0,
      waitP50Ms: slow && slow * 90,
      waitP95Ms: slow && slow * 800,
      waitP99Ms: slow && slow * 1_500,
      runP50Ms: slow && 120,
      runP95Ms: slow && 840 + minute,
      runP99Ms: slow && 1_900 + minute * 3,
    };
  });
  return { bucketMs: 60_000, from: NOW - 3_600_000, to: NOW, points, ...over };
}
