import { retriesOf } from "../model/event.ts";
import { isDoubtful, stateOf } from "../model/state.ts";
import { Step, type Task } from "../model/task.ts";
import { runMsOf, waitMsOf } from "./latency.ts";

/** What is counted, as the number of its column. */
export const Kind = { SENT: 0, RECEIVED: 1, STARTED: 2, SUCCEEDED: 3, FAILED: 4, RETRIED: 5, REVOKED: 6, REJECTED: 7 } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];
export const KINDS = 8;

/**
 * What a task contributes to the rollups, as a function of the task alone. Times are NaN where there is nothing to count.
 * Counts go by the shown state, so that rollups and lists cannot disagree, and nothing is counted later than it was heard.
 * Marks are read again and again, so that counting leaves no garbage.
 */
export class Marks {
  name: string | undefined;
  queue: string | undefined;
  worker: string | undefined;
  lastRun = 0;
  sentAt = NaN;
  receivedAt = NaN;
  startedAt = NaN;
  /** One of the last five kinds. */
  end: Kind | undefined;
  endAt = NaN;
  /** Of the run that ended; NaN when it is not known. */
  waitMs = NaN;
  runMs = NaN;
  /** When the latest thing about the task happened. */
  lastAt = NaN;

  read(task: Task): this {
    const { seenAt } = task;
    this.name = task.name;
    this.queue = task.queue;
    this.worker = task.worker;
    this.lastRun = task.lastRun;
    this.sentAt = Math.min(task.sentAt ?? NaN, seenAt);
    this.receivedAt = Math.min(task.receivedAt ?? NaN, seenAt);
    this.startedAt = Math.min(task.startedAt ?? NaN, seenAt);
    this.end = endOf(task);
    const hasEnded = this.end !== undefined;
    this.endAt = hasEnded ? Math.min(endAtOf(task), seenAt) : NaN;
    this.waitMs = hasEnded && task.run === task.lastRun ? (waitMsOf(task) ?? NaN) : NaN;
    this.runMs = hasEnded ? (runMsOf(task, NaN) ?? NaN) : NaN;
    this.lastAt = Math.min(task.lastAt, seenAt);
    return this;
  }
}

/** A promised revoke counts as kept when the task was found to be nowhere. */
function endAtOf(task: Task): number {
  return isDoubtful(task) && stateOf(task) === "REVOKED" ? (task.doubtAt ?? task.stepAt) : task.stepAt;
}

function endOf(task: Task): Kind | undefined {
  switch (stateOf(task)) {
    case "SUCCESS":
      return Kind.SUCCEEDED;
    case "FAILURE":
      return Kind.FAILED;
    case "REVOKED":
      return Kind.REVOKED;
    case "REJECTED":
      return Kind.REJECTED;
    default:
      // A retry that a later attempt has followed is known by that attempt.
      return task.step === Step.RETRIED && retriesOf(task.run) === retriesOf(task.lastRun) ? Kind.RETRIED : undefined;
  }
}
