import type { Attempt } from "../contract/task.ts";
import { DELIVERIES_PER_RETRY, type TaskEvent, retriesOf } from "../model/event.ts";
import { fold } from "../model/fold.ts";
import { isInferred, stateOf } from "../model/state.ts";
import type { Task } from "../model/task.ts";

/** The executions of a task, oldest first: each run's own events folded as if they were a task of their own. */
export function attemptsOf(events: readonly TaskEvent[]): Attempt[] {
  const runs = new Map<number, TaskEvent[]>();
  for (const event of events) {
    if (event.type === "task.acted") continue;
    const run = event.run ?? 0;
    runs.set(run, [...(runs.get(run) ?? []), event]);
  }
  return [...runs.entries()].toSorted(([a], [b]) => a - b).map(([run, own]) => attemptOf(run, own));
}

function attemptOf(run: number, events: readonly TaskEvent[]): Attempt {
  const task = events.reduce<Task | undefined>(fold, undefined);
  const ended = events.findLast(({ payload }) => payload?.traceback !== undefined || payload?.exception !== undefined);
  return {
    retries: retriesOf(run),
    delivery: run % DELIVERIES_PER_RETRY,
    state: task === undefined ? "PENDING" : stateOf(task),
    worker: task?.worker ?? null,
    pid: events.findLast(({ pid, type }) => pid !== undefined && type !== "task.sent")?.pid ?? null,
    queue: task?.queue ?? null,
    sentAt: task?.sentAt ?? null,
    receivedAt: task?.receivedAt ?? null,
    startedAt: task?.startedAt ?? null,
    endedAt: task?.endedAt ?? null,
    etaAt: task?.etaAt ?? null,
    runMs: task === undefined ? null : ranMs(task),
    exception: ended?.payload?.exception ?? null,
    exceptionType: task?.exceptionType ?? null,
    traceback: ended?.payload?.traceback ?? null,
    inferred: task !== undefined && isInferred(task),
  };
}

function ranMs({ runtimeMs, startedAt, endedAt }: Task): number | null {
  if (runtimeMs !== undefined) return runtimeMs;
  return startedAt === undefined || endedAt === undefined ? null : Math.max(0, endedAt - startedAt);
}
