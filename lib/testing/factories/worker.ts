import type { WorkerDetail, WorkerRow } from "../../contract/worker.ts";
import { failedTask, NOW, queuedTask, runningTask, succeededTask } from "./task.ts";

export function onlineWorker(over: Partial<WorkerRow> = {}): WorkerRow {
  return {
    name: "celery@w1-a1",
    state: "online",
    reason: "Its last heartbeat came 1 s ago.",
    kind: "worker",
    lastSeenAt: NOW - 1_200,
    startedAt: NOW - 86_400_000,
    software: "py-celery 5.7.0 (Linux)",
    pid: 17,
    pool: "prefork",
    slots: 8,
    active: 5,
    processed: 120_482,
    prefetched: 12,
    loadavg: [1.2, 1.1, 0.9],
    queues: ["default", "billing"],
    clockOffsetMs: 3,
    succeeded: 1_204,
    failed: 3,
    ...over,
  };
}

export function lateWorker(over: Partial<WorkerRow> = {}): WorkerRow {
  return onlineWorker({
    name: "celery@w2-a1",
    state: "late",
    reason: "No heartbeat for 9 s; it sends one every 2 s.",
    lastSeenAt: NOW - 9_000,
    ...over,
  });
}

/** A worker that died with work in its hands. */
export function lostWorker(over: Partial<WorkerRow> = {}): WorkerRow {
  return onlineWorker({
    name: "celery@w4-b2",
    state: "lost",
    reason: "Silent since 14:02 with 3 tasks; they will be delivered again at 15:02.",
    lastSeenAt: NOW - 480_000,
    active: 3,
    ...over,
  });
}

export function silentWorker(over: Partial<WorkerRow> = {}): WorkerRow {
  return onlineWorker({
    name: "celery@legacy",
    state: "silent",
    reason: "It answers, but sends no events: start it with -E.",
    active: null,
    processed: null,
    loadavg: null,
    ...over,
  });
}

export function workerDetail(over: Partial<WorkerDetail> = {}): WorkerDetail {
  return {
    worker: onlineWorker(),
    running: [
      runningTask({ id: "run-1" }),
      runningTask({ id: "run-2", name: "images.transcode", runMs: 400_000, startedAt: NOW - 400_000 }),
    ],
    held: [queuedTask({ id: "held-1", state: "RECEIVED", worker: "celery@w1-a1" })],
    recent: [failedTask({ id: "recent-1" }), succeededTask({ id: "recent-2" })],
    ...over,
  };
}
