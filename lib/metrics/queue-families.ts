import type { BrokerMonitor } from "../monitor/monitor.ts";
import { isAlive } from "../queries/worker-row.ts";
import { depthOf } from "../view/queues.ts";
import { type Family, family, type Labels, OTHER } from "./family.ts";

const MOST_QUEUES = 200;
/** A depth that was read longer ago is withdrawn, never repeated: the broker could not be read since. */
const FRESH_MS = 60_000;

/** Queues that were read of late, the deepest first when there are too many; a known one that is empty is 0. */
export function queueFamilies({ view }: BrokerMonitor, source: Labels, now: number): Family[] {
  const fresh = view.queues.all().filter(({ sampledAt }) => now - sampledAt < FRESH_MS);
  const byDepth = fresh.map((sample) => ({ ...sample, depth: depthOf(sample) })).toSorted((a, b) => b.depth - a.depth);
  const shown = byDepth.slice(0, MOST_QUEUES);
  const rest = byDepth.slice(MOST_QUEUES);
  const workers = view.workers.all().filter(isAlive);
  const consumers = (queue: string) => workers.filter(({ queues }) => queues?.includes(queue));
  const each = <T>(value: (queue: (typeof shown)[number]) => T) =>
    shown.map((queue) => ({ labels: { ...source, queue: queue.name }, value: value(queue) }));
  const others = rest.length === 0 ? [] : [{ labels: { ...source, queue: OTHER }, value: rest.reduce((sum, { depth }) => sum + depth, 0) }];
  return [
    family("gauge", "taskqueue_queue_messages_ready", "Messages that wait in the broker, all priorities together", [
      ...each(({ depth }) => depth),
      ...others,
    ]),
    family(
      "gauge",
      "taskqueue_queue_oldest_message_timestamp_seconds",
      "When the oldest waiting message was sent, or since when it is known to wait",
      each(({ oldest }) => (oldest === undefined ? null : oldest.at / 1000)),
    ),
    family(
      "gauge",
      "taskqueue_queue_workers",
      "Workers that are alive and consume the queue",
      each(({ name }) => consumers(name).length),
    ),
    family(
      "gauge",
      "taskqueue_queue_concurrency",
      "Slots of the workers that are alive and consume the queue",
      each(({ name }) => consumers(name).reduce((sum, { slots }) => sum + (slots ?? 0), 0)),
    ),
  ];
}
