import { type Scope, spanOf } from "../contract/common.ts";
import type { QueueList } from "../contract/queue.ts";
import type { Viewer } from "../model/viewer.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { queueRows } from "./queue-rows.ts";
import { watchedBroker } from "./watched-broker.ts";

/** As many as a line in a table can show. */
const POINTS = 60;

/** All queues with their depth over the window, those that need a person first. */
export async function listQueues(monitor: Monitor, viewer: Viewer, query: Scope): Promise<QueueList> {
  const { view } = watchedBroker(monitor, viewer, query.broker);
  const now = Date.now();
  const queues = queueRows(view, spanOf(query, now), now, POINTS);
  return { queues, total: queues.length, omitted: view.queues.omitted };
}
