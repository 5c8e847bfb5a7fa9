import type { QueueRow } from "../contract/queue.ts";
import type { Worker } from "../model/worker.ts";
import { depthOf } from "../view/queues.ts";
import type { View } from "../view/view.ts";
import { queueHealth, urgencyOf } from "./queue-health.ts";
import { isAlive } from "./worker-row.ts";

const RECENT_MS = 300_000;

interface Span {
  from: number;
  to: number;
}

/** All queues with at most `points` depths each over a span, the worst first, then the deepest. */
export function queueRows(view: View, span: Span, now: number, points: number): QueueRow[] {
  const samples = view.queues.all();
  const newest = Math.max(...samples.map(({ sampledAt }) => sampledAt));
  // A queue that is gone stays for as long as the window shows it; when nothing can be read, all stay.
  const shown = samples.filter(({ sampledAt }) => sampledAt >= Math.min(span.from, newest));
  return shown
    .map(({ name }) => queueRow(view, name, span, now, points))
    .filter((row) => row !== null)
    .toSorted((a, b) => urgencyOf(a.health) - urgencyOf(b.health) || b.depth - a.depth || (a.name < b.name ? -1 : 1));
}

/** One queue, or null when it was never read. */
export function queueRow(view: View, name: string, span: Span, now: number, points: number): QueueRow | null {
  const sample = view.queues.get(name);
  if (sample === undefined) return null;
  const oldest = sample.oldest === undefined ? null : { ms: Math.max(0, now - sample.oldest.at), from: sample.oldest.from };
  const facts = {
    depth: depthOf(sample),
    oldest,
    consumers: consumersOf(view.workers.all(), name),
    ...ratesOf(view, name, now),
    sampledAt: sample.sampledAt,
  };
  const recent = view.queues.history(name, now - RECENT_MS, now);
  return {
    name,
    byPriority: sample.byPriority,
    ...facts,
    history: thinned(view.queues.history(name, span.from, span.to), points),
    ...queueHealth({ ...facts, history: recent }, now),
    expiresInMs: sample.expiresInMs ?? null,
  };
}

/** Names of the workers that consume a queue and are alive; null as long as one of those alive has not told what it consumes. */
export function consumersOf(workers: readonly Worker[], queue: string): string[] | null {
  const alive = workers.filter(isAlive);
  const consumers = alive.filter(({ queues }) => queues?.includes(queue)).map(({ name }) => name);
  const isCertain = consumers.length > 0 || alive.every(({ queues }) => queues !== undefined);
  return isCertain ? consumers.toSorted() : null;
}

/** Only producers that tell what they send (`task_send_sent_event`) let every task be booked on its queue. */
function ratesOf(view: View, queue: string, now: number): Pick<QueueRow, "inPerMinute" | "outPerMinute"> {
  const totals = view.series.totals("queue").get(queue);
  if (totals === undefined || totals.sent === 0) return { inPerMinute: null, outPerMinute: null };
  const { sent, received } = view.series.sum({ from: now - RECENT_MS, to: now, by: "queue", key: queue });
  const minutes = RECENT_MS / 60_000;
  return { inPerMinute: sent / minutes, outPerMinute: received / minutes };
}

/** Of neighbouring points the deepest, so that no peak is lost. */
function thinned(history: QueueRow["history"], points: number): QueueRow["history"] {
  const each = Math.ceil(history.length / points);
  if (each <= 1) return history;
  return Array.from({ length: Math.ceil(history.length / each) }, (_, index) => {
    const neighbours = history.slice(index * each, (index + 1) * each);
    return neighbours.reduce((deepest, point) => (point.depth > deepest.depth ? point : deepest));
  });
}
