import type { RelatedTask, TaskAddress, TaskDetail, TimelineEntry, Told } from "../contract/task.ts";
import { AppError } from "../errors.ts";
import { type TaskEvent, retriesOf } from "../model/event.ts";
import { stateOf } from "../model/state.ts";
import type { Task } from "../model/task.ts";
import type { Viewer } from "../model/viewer.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { forEachMatch } from "../view/query.ts";
import type { View } from "../view/view.ts";
import { abilitiesOf } from "./abilities.ts";
import { accountsOf, bestTold, toldOf } from "./arguments.ts";
import { attemptsOf } from "./attempts.ts";
import { eventSentence } from "./event-sentence.ts";
import { isRunningState } from "./stages.ts";
import { storyOf } from "./story.ts";
import { type StoredTaskEvent, taskEvents } from "./task-events.ts";
import { taskRow } from "./task-row.ts";
import { watchedBroker } from "./watched-broker.ts";
import { firstLine, whatOf } from "./what.ts";

/** All that is known of one task, and who said it. `not-found` for an id that was never heard of, or is trimmed. */
export async function getTask(monitor: Monitor, viewer: Viewer, { broker, id }: TaskAddress): Promise<TaskDetail> {
  const watched = watchedBroker(monitor, viewer, broker);
  const { view, log } = watched;
  const task = view.task(id);
  if (task === undefined) throw new AppError("not-found", `Nothing is known of a task with the id ${id}`);
  const [[stored = []], { epoch }] = await Promise.all([taskEvents(watched, [id]), log.extent()]);
  const events = stored.map(({ event }) => event);
  const now = Date.now();
  const row = taskRow(task, now, whatOf(stored, stateOf(task)));
  const attempts = attemptsOf(events);
  const accounts = accountsOf(events);
  const last = attempts.at(-1);
  const exception = row.state === "SUCCESS" ? null : (last?.exception ?? null);
  return {
    row,
    story: storyOf({ row, attempts, exception: exception === null ? null : firstLine(exception), alike: countAlike(view, task, now), now }),
    attempts,
    timeline: timelineOf(stored, epoch),
    args: bestTold(accounts, "args"),
    kwargs: bestTold(accounts, "kwargs"),
    result: resultOf(events, row.state),
    exception: exception === null ? null : { type: row.exceptionType, text: exception },
    traceback: row.state === "SUCCESS" ? null : (last?.traceback ?? null),
    message: messageOf(events),
    parent: relatedOr(view, task.parentId, id),
    root: relatedOr(view, task.rootId, id),
    children: childrenOf(view, id, events),
    groupId: task.groupId ?? null,
    rerunOf: relatedOr(view, task.rerunId, id),
    rerunAs: rerunIds(events).map((rerun) => related(view, rerun)),
    expiresAt: task.expiresAt ?? null,
    abilities: abilitiesOf(row, watched.broker.abilities, viewer),
  };
}

/** Other tasks of the same name that failed with the same exception. */
function countAlike(view: View, task: Task, now: number): number {
  if (stateOf(task) !== "FAILURE" || task.name === undefined || task.exceptionType === undefined) return 0;
  let count = -1;
  const alike = [
    { is: "match", field: "state", pattern: "FAILURE" },
    { is: "match", field: "name", pattern: task.name },
    { is: "match", field: "exception", pattern: task.exceptionType },
  ] as const;
  forEachMatch(view.table, { is: "all", of: alike }, now, () => count++);
  return Math.max(0, count);
}

/** In the order in which things happened; clocks that disagree by less than they can are left to the order of hearing. */
function timelineOf(stored: readonly StoredTaskEvent[], epoch: string): TimelineEntry[] {
  return stored
    .toSorted((a, b) => a.event.at - b.event.at || a.ordinal - b.ordinal)
    .map(({ ordinal, event }) => ({
      address: `${epoch}:${ordinal}`,
      type: event.type,
      at: event.at,
      seenAt: event.seenAt,
      source: event.source,
      inferred: event.inferred ?? false,
      retries: event.retries ?? (event.run === undefined ? null : retriesOf(event.run)),
      worker: event.worker ?? null,
      text: eventSentence(event),
      raw: JSON.stringify(event),
    }));
}

/** The return value, or for a custom state its data. What the result backend holds is the value itself, an event only its text. */
function resultOf(events: readonly TaskEvent[], state: string): Told | null {
  const type = state === "SUCCESS" ? "task.succeeded" : isRunningState(state) ? "task.progress" : undefined;
  const told = events.filter((event) => event.type === type).flatMap((event) => toldOf(event, "result") ?? []);
  const whole = told.filter(({ cut }) => !cut);
  return whole.findLast(({ form }) => form === "value") ?? whole.at(-1) ?? told.at(-1) ?? null;
}

function messageOf(events: readonly TaskEvent[]): TaskDetail["message"] {
  const found = events.findLast(({ payload }) => payload?.raw !== undefined);
  return found?.payload?.raw === undefined ? null : { raw: found.payload.raw, source: found.source, at: found.at };
}

/** By what the children say of themselves, and by what their parent's result lists: either may be all that is known. */
function childrenOf(view: View, id: string, events: readonly TaskEvent[]): RelatedTask[] {
  const told = events.flatMap(({ payload }) => payload?.children ?? []);
  // A retried task lists its own next attempt.
  const ids = new Set([...view.childrenOf(id), ...told].filter((child) => child !== id));
  return Array.from(ids, (child) => related(view, child));
}

function rerunIds(events: readonly TaskEvent[]): string[] {
  const ids = events.flatMap(({ type, action, rerunId }) =>
    type === "task.acted" && action === "rerun" && rerunId !== undefined ? [rerunId] : [],
  );
  return [...new Set(ids)];
}

function relatedOr(view: View, id: string | undefined, self: string): RelatedTask | null {
  return id === undefined || id === self ? null : related(view, id);
}

/** Of a task that was never heard of only the id is known, which Celery calls PENDING. */
function related(view: View, id: string): RelatedTask {
  const task = view.task(id);
  return { id, name: task?.name ?? null, state: task === undefined ? "PENDING" : stateOf(task) };
}
