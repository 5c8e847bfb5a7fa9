import { Step } from "../../model/task.ts";
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

type Workers = ReadonlyMap<string, Worker>;

/** Whether the worker that had the task is no more. */
export function isDead(task: KnownTask, workers: Workers, now: number): boolean {
  const worker = workers.get(task.worker ?? "");
  return worker === undefined ? isOrphaned(task, workers, now) : isDeadWorker(worker, now);
}

/** Nobody told which worker took it, but whichever did is no more: all are, and one of them died after it was taken. */
function isOrphaned(task: KnownTask, workers: Workers, now: number): boolean {
  if (task.worker !== undefined || task.step < Step.RECEIVED) return false;
  let isOutlived = true;
  for (const worker of workers.values()) {
    if (worker.kind !== "worker") continue;
    if (!isDeadWorker(worker, now)) return false;
    isOutlived &&= worker.stateAt < task.evidenceAt;
  }
  return !isOutlived;
}

/** Why a task that is nowhere is lost with its worker, as the beginning of a sentence; undefined when its worker lives on. */
export function whyGone(task: KnownTask, workers: Workers, now: number): string | undefined {
  const worker = workers.get(task.worker ?? "");
  if (worker === undefined) return isOrphaned(task, workers, now) ? "no worker is alive" : undefined;
  if (worker.state === "lost") return `its worker ${worker.name} is lost`;
  if (worker.state === "stopped") return `its worker ${worker.name} stopped`;
  // By our clock: the worker's own may be hours off.
  const bootedAt = worker.startedAt === undefined ? undefined : worker.startedAt - (worker.clockOffsetMs ?? 0);
  return bootedAt !== undefined && bootedAt > task.evidenceAt ? `its worker ${worker.name} was restarted` : undefined;
}
