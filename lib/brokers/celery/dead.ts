import type { Worker } from "../../model/worker.ts";
import type { KnownTask } from "../broker.ts";

/**
 * A worker says that it stops when it begins to, and runs what it has begun to the end, for minutes if need be. Whoever
 * stops it does not wait for ever (Kubernetes 30 s, systemd 90 s by default).
 */
const STOPPING_MS = 120_000;

export function isDeadWorker(worker: Worker, now: number): boolean {
  return worker.state === "lost" || (worker.state === "stopped" && now - worker.stateAt > STOPPING_MS);
}

/** Whether the worker that had the task is no more. */
export function isDead(task: KnownTask, workers: ReadonlyMap<string, Worker>, now: number): boolean {
  const worker = workers.get(task.worker ?? "");
  return worker !== undefined && isDeadWorker(worker, now);
}

/** Why a task that is nowhere is lost with its worker, as the beginning of a sentence; undefined when its worker lives on. */
export function whyGone(task: KnownTask, workers: ReadonlyMap<string, Worker>): string | undefined {
  const worker = workers.get(task.worker ?? "");
  if (worker === undefined) return undefined;
  if (worker.state === "lost") return `its worker ${worker.name} is lost`;
  if (worker.state === "stopped") return `its worker ${worker.name} stopped`;
  // By our clock: the worker's own may be hours off.
  const bootedAt = worker.startedAt === undefined ? undefined : worker.startedAt - (worker.clockOffsetMs ?? 0);
  return bootedAt !== undefined && bootedAt > task.evidenceAt ? `its worker ${worker.name} was restarted` : undefined;
}
