import type { Worker } from "../model/worker.ts";
import type { BrokerMonitor } from "../monitor/monitor.ts";
import { isAlive } from "../queries/worker-row.ts";
import { type Family, family, type Labels } from "./family.ts";

const MOST_WORKERS = 500;
/** A worker that died without a word is 0 for longer than alerts wait; one that was stopped, for as long as a deploy takes. */
const SHOWN_LOST_MS = 25 * 60_000;
const SHOWN_STOPPED_MS = 10 * 60_000;

/** By the whole name of the node: two workers on one host are two. */
export function workerFamilies({ view }: BrokerMonitor, source: Labels, now: number): Family[] {
  const known = view.workers.all().filter((worker) => worker.kind === "worker" && isShown(worker, now));
  // The live ones first, so that a bound never hides one behind the names of dead ones.
  const workers = known.toSorted((a, b) => Number(isAlive(b)) - Number(isAlive(a)) || b.stateAt - a.stateAt).slice(0, MOST_WORKERS);
  const online = known.filter(isAlive);
  const each = (of: readonly Worker[], value: (worker: Worker) => number | undefined) =>
    of.map((worker) => ({ labels: { ...source, worker: worker.name }, value: value(worker) }));
  const live = workers.filter(isAlive);
  return [
    family("gauge", "taskqueue_workers", "Workers by whether they are alive", [
      { labels: { ...source, state: "online" }, value: online.length },
      { labels: { ...source, state: "offline" }, value: known.length - online.length },
    ]),
    family(
      "gauge",
      "taskqueue_worker_up",
      "1 while the worker is alive; 0 for 25 minutes after it fell silent, for 10 after it was stopped",
      each(workers, (worker) => (isAlive(worker) ? 1 : 0)),
    ),
    family(
      "gauge",
      "taskqueue_worker_last_heartbeat_timestamp_seconds",
      "When anything was last heard of the worker",
      each(workers, ({ lastSeenAt }) => (lastSeenAt === 0 ? undefined : lastSeenAt / 1000)),
    ),
    family(
      "gauge",
      "taskqueue_worker_tasks_active",
      "Tasks that the worker runs, by its own count",
      each(live, ({ active }) => active),
    ),
    family(
      "gauge",
      "taskqueue_worker_concurrency",
      "Slots of the worker's pool",
      each(live, ({ slots }) => slots),
    ),
    family(
      "counter",
      "taskqueue_worker_processed_total",
      "Tasks that the worker has begun since it booted, by its own count",
      each(live, ({ processed }) => processed),
    ),
  ];
}

function isShown(worker: Worker, now: number): boolean {
  if (isAlive(worker)) return true;
  return now - worker.stateAt < (worker.state === "stopped" ? SHOWN_STOPPED_MS : SHOWN_LOST_MS);
}
