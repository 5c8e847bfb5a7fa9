import { spanOf } from "../contract/common.ts";
import type { HeldMessage, QueueDetail, QueueQuery } from "../contract/queue.ts";
import { AppError } from "../errors.ts";
import type { Viewer } from "../model/viewer.ts";
import type { BrokerMonitor, Monitor } from "../monitor/monitor.ts";
import { queueRow } from "./queue-rows.ts";
import { watchedBroker } from "./watched-broker.ts";

const POINTS = 360;
/** Unacknowledged messages of all queues lie together; so many of the oldest are looked through. */
const LOOKED_AT = 1_000;
const SHOWN = 100;

/** One queue, and what workers took from it and hold unacknowledged. */
export async function getQueue(monitor: Monitor, viewer: Viewer, query: QueueQuery): Promise<QueueDetail> {
  const watched = watchedBroker(monitor, viewer, query.broker);
  const now = Date.now();
  const queue = queueRow(watched.view, query.name, spanOf(query, now), now, POINTS);
  if (queue === null) throw new AppError("not-found", `No queue is called ${query.name}`);
  const held = await heldFrom(watched, query.name);
  return { queue, held: held.slice(0, SHOWN), heldTotal: held.length };
}

/** Empty as well when the broker does not answer now: what was known of the queue is still worth showing. */
async function heldFrom({ broker, view }: BrokerMonitor, queue: string): Promise<HeldMessage[]> {
  try {
    const { messages } = await broker.held(LOOKED_AT);
    return messages.filter(({ id }) => id !== null && view.task(id)?.queue === queue);
  } catch {
    return [];
  }
}
