import type { Attempt } from "../contract/task.ts";
import { DELIVERIES_PER_RETRY, type TaskEvent, retriesOf } from "../model/event.ts";
import { fold } from "../model/fold.ts";
import { isInferred, stateOf } from "../model/state.ts";
import type { Task } from "../model/task.ts";

/** The executions of a task, oldest first: each run's own events folded as if they were a task of their own. */
export function attemptsOf(events: readonly TaskEvent[]): Attempt[] {
  const runs = Map.groupBy(
    events.filter(({ type }) => type !== "task.acted"),
    ({ run = 0 }) => run,
  );
  const inOrder = [...runs.keys()].toSorted((a, b) => a - b);
  for (const run of inOrder) giveToNext(runs, run);
  return inOrder.map((run) => attemptOf(run, runs.get(run) ?? []));
}

/**
 * Workers tell their events in batches, so that the outcome of a second delivery can be stored before anybody has heard of
 * that delivery. It is of the one whose worker told the same outcome.
 */
function giveToNext(runs: Map<number, TaskEvent[]>, run: number): void {
  const own = runs.get(run) ?? [];
  const next = runs.get(run + 1) ?? [];
  const stored = own.filter((event) => event.source === "result" && isOutcome(event));
  const isTold = own.some((event) => event.source === "event" && isOutcome(event));
  const isStored = next.some((event) => event.source === "result" && isOutcome(event));
  const strayed = stored.filter(({ type }) => next.some((event) => event.source === "event" && event.type === type));
  if (isTold || isStored || strayed.length === 0) return;
  runs.set(
    run,
    own.filter((event) => !strayed.includes(event)),
  );
  runs.set(run + 1, [...strayed, ...next]);
}

function isOutcome({ type }: TaskEvent): boolean {
  return type === "task.succeeded" || type === "task.failed" || type === "task.revoked";
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
