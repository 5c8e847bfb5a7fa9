import type { TaskRow } from "../contract/task.ts";
import { FLAG_EXHAUSTED, FLAG_EXPIRED, FLAG_REQUEUED, FLAG_TERMINATED, retriesOf } from "../model/event.ts";
import { isInferred, stateOf } from "../model/state.ts";
import { Step, type Task } from "../model/task.ts";
import { runMsOf, waitMsOf } from "../view/latency.ts";

/** A task as a line of a table. `what` is the one line that only its payload tells. */
export function taskRow(task: Task, now: number, what: string | null = null): TaskRow {
  const state = stateOf(task);
  return {
    id: task.id,
    name: task.name ?? null,
    state,
    queue: task.queue ?? null,
    worker: task.worker ?? null,
    retries: retriesOf(task.lastRun),
    priority: task.priority ?? null,
    sentAt: task.sentAt ?? null,
    receivedAt: task.receivedAt ?? null,
    startedAt: task.startedAt ?? null,
    endedAt: task.endedAt ?? null,
    etaAt: task.etaAt ?? null,
    lastAt: task.lastAt,
    waitMs: waitMsOf(task) ?? null,
    runMs: runMsOf(task, now) ?? null,
    exceptionType: task.exceptionType ?? null,
    what,
    inferred: isInferred(task),
    tag: tagOf(task, state),
  };
}

function tagOf({ flags, step }: Task, state: string): string | null {
  const has = (flag: number) => (flags & flag) !== 0;
  if (state === "REVOKED") {
    if (has(FLAG_EXPIRED)) return "expired";
    if (has(FLAG_TERMINATED)) return "terminated";
    return step === Step.REVOKE_PROMISED ? "revoke promised" : null;
  }
  if (state === "REJECTED") return has(FLAG_REQUEUED) ? "requeued" : null;
  return state === "FAILURE" && has(FLAG_EXHAUSTED) ? "exhausted" : null;
}
