import type { RerunDraft, TaskAddress } from "../contract/task.ts";
import { AppError } from "../errors.ts";
import type { Viewer } from "../model/viewer.ts";
import type { BrokerMonitor, Monitor } from "../monitor/monitor.ts";
import { decodeTaskMessage } from "../wire/celery/task-message.ts";
import { type Account, accountsOf, messageAccount } from "./arguments.ts";
import { draftOf } from "./rerun-draft.ts";
import { taskEvents } from "./task-events.ts";
import { watchedBroker } from "./watched-broker.ts";

/** Half a second of reading a long queue; what lies deeper is found in the log, if anywhere. */
const SEARCH_BYTES = 16_000_000;

/** What a rerun of the task would send, and where that is from. Looks for its message on the broker first. */
export async function getRerunDraft(monitor: Monitor, viewer: Viewer, { broker, id }: TaskAddress): Promise<RerunDraft> {
  const watched = watchedBroker(monitor, viewer, broker);
  const task = watched.view.task(id);
  if (task === undefined) throw new AppError("not-found", `Nothing is known of a task with the id ${id}`);
  const [live, [stored = []]] = await Promise.all([messageOnBroker(watched, id, task.queue), taskEvents(watched, [id])]);
  return draftOf(task, [...live, ...accountsOf(stored.map(({ event }) => event))]);
}

/** Nothing as well when the broker does not answer: the log may tell enough. */
async function messageOnBroker({ broker }: BrokerMonitor, id: string, queue: string | undefined): Promise<Account[]> {
  try {
    const found = await broker.findMessage(id, queue, SEARCH_BYTES);
    const message = found === undefined ? undefined : decodeTaskMessage(found.raw);
    if (found === undefined || message?.ok !== true) return [];
    return [messageAccount(message.value, found.place, found.takenAt ?? Date.now())];
  } catch {
    return [];
  }
}
