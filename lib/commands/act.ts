import { AppError, reasonOf } from "../errors.ts";
import type { TaskDetail, TaskRow } from "../contract/task.ts";
import type { TaskEvent } from "../model/event.ts";
import type { Task } from "../model/task.ts";
import type { Viewer } from "../model/viewer.ts";
import type { BrokerMonitor, Monitor } from "../monitor/monitor.ts";
import { abilitiesOf } from "../queries/abilities.ts";
import { taskRow } from "../queries/task-row.ts";
import { watchedBroker } from "../queries/watched-broker.ts";

export type Act = keyof TaskDetail["abilities"];

export interface Target {
  watched: BrokerMonitor;
  task: Task;
  row: TaskRow;
}

/** The task that is to be acted on. `refused`, `not-found` or `conflict` when this viewer cannot do that to it now. */
export function targetOf(monitor: Monitor, viewer: Viewer, address: { broker?: string | undefined; id: string }, act: Act): Target {
  const watched = watchedBroker(monitor, viewer, address.broker);
  if (!viewer.mayAct) throw new AppError("refused", `${viewer.name} may look, but not act`);
  const task = watched.view.task(address.id);
  if (task === undefined) throw new AppError("not-found", `Nothing is known of a task with the id ${address.id}`);
  const row = taskRow(task, Date.now());
  const { possible, reason } = abilitiesOf(row, watched.broker.abilities, viewer)[act];
  if (!possible) throw new AppError("conflict", reason ?? "This cannot be done to it now");
  return { watched, task, row };
}

/** The event of something that an operator did to a task, or tried to. */
export function actedEvent(viewer: Viewer, task: Task, action: string, outcome: string, facts: Partial<TaskEvent> = {}): TaskEvent {
  const now = Date.now();
  return {
    type: "task.acted",
    task: task.id,
    at: now,
    seenAt: now,
    source: "operator",
    action,
    actor: viewer.name,
    ...facts,
    payload: { data: JSON.stringify({ outcome }) },
  };
}

/** Records what was done. Since it is done, a failure to record it is told, not thrown. */
export async function recorded(watched: BrokerMonitor, message: string, ...events: TaskEvent[]): Promise<string> {
  try {
    for (const event of events) await watched.record(event);
    return message;
  } catch (error) {
    return `${message} It could not be recorded: ${reasonOf(error)}.`;
  }
}

/** Does something to the broker. A failure is recorded as well before it is thrown on. */
export async function attempted<T>(target: Target, viewer: Viewer, action: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    await recorded(target.watched, "", actedEvent(viewer, target.task, action, `failed: ${reasonOf(error)}`));
    throw error;
  }
}
