import type { WorkerRow } from "../contract/worker.ts";
import type { Worker } from "../model/worker.ts";

/** A worker as a line of a table. */
export function workerRow(worker: Worker): WorkerRow {
  return {
    name: worker.name,
    state: worker.state,
    reason: worker.reason,
    kind: worker.kind,
    lastSeenAt: worker.lastSeenAt === 0 ? null : worker.lastSeenAt,
    startedAt: worker.startedAt ?? null,
    software: worker.software ?? null,
    pid: worker.pid ?? null,
    pool: worker.pool ?? null,
    slots: worker.slots ?? null,
    active: worker.active ?? null,
    processed: worker.processed ?? null,
    prefetched: worker.prefetch ?? null,
    loadavg: worker.loadavg ?? null,
    queues: worker.queues ?? null,
    clockOffsetMs: worker.clockOffsetMs ?? null,
    succeeded: worker.succeeded,
    failed: worker.failed,
  };
}

const BY_URGENCY: readonly WorkerRow["state"][] = ["looping", "lost", "late", "silent", "online", "stopped"];

/** Those in trouble first, then by name. */
export function byUrgency(a: WorkerRow, b: WorkerRow): number {
  return BY_URGENCY.indexOf(a.state) - BY_URGENCY.indexOf(b.state) || (a.name < b.name ? -1 : 1);
}

/** Whether it can be expected to take what it consumes. */
export function isAlive({ state, kind }: Pick<WorkerRow, "state" | "kind">): boolean {
  return kind === "worker" && (state === "online" || state === "late" || state === "silent");
}
