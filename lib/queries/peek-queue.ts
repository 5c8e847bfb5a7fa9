import type { QueueMessages, QueueMessagesQuery } from "../contract/queue.ts";
import { AppError } from "../errors.ts";
import type { Viewer } from "../model/viewer.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { watchedBroker } from "./watched-broker.ts";

const LIMIT = 50;

/** The messages that wait in a queue now, a page at a time; nothing is taken. `conflict` where the broker cannot show them. */
export async function peekQueue(monitor: Monitor, viewer: Viewer, query: QueueMessagesQuery): Promise<QueueMessages> {
  const { broker } = watchedBroker(monitor, viewer, query.broker);
  if (!broker.abilities.peekQueue) throw new AppError("conflict", "This kind of broker does not show what waits");
  const { name, priority, offset = 0, limit = LIMIT } = query;
  return await broker.peekQueue(name, { offset, limit, ...(priority === undefined ? {} : { priority }) });
}
