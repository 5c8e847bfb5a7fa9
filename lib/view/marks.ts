import { retriesOf } from "../model/event.ts";
import { stateOf } from "../model/state.ts";
import { Step, type Task } from "../model/task.ts";
import { runMsOf, waitMsOf } from "./latency.ts";

/** What is counted. */
export const KINDS = ["sent", "received", "started", "succeeded", "failed", "retried", "revoked", "rejected"] as const;
export type Kind = (typeof KINDS)[number];
type EndKind = Exclude<Kind, "sent" | "received" | "started">;

/** What a task contributes to the rollups, as a function of the task alone. Times are NaN where there is nothing to count. */
export interface Marks {
  name: string | undefined;
  queue: string | undefined;
  worker: string | undefined;
  lastRun: number;
  sentAt: number;
  receivedAt: number;
  startedAt: number;
  end: EndKind | undefined;
  endAt: number;
  /** Of the run that ended; NaN when it is not known. */
  waitMs: number;
  runMs: number;
  /** When the latest thing about the task happened. */
  lastAt: number;
}

/** Counts go by the shown state, so that rollups and lists cannot disagree. Nothing is counted later than it was heard. */
export function marksOf(task: Task): Marks {
  const { seenAt } = task;
  const end = endOf(task);
  return {
    name: task.name,
    queue: task.queue,
    worker: task.worker,
    lastRun: task.lastRun,
    sentAt: Math.min(task.sentAt ?? NaN, seenAt),
    receivedAt: Math.min(task.receivedAt ?? NaN, seenAt),
    startedAt: Math.min(task.startedAt ?? NaN, seenAt),
    end,
    endAt: end === undefined ? NaN : Math.min(task.stepAt, seenAt),
    waitMs: end === undefined || task.run !== task.lastRun ? NaN : (waitMsOf(task) ?? NaN),
    runMs: end === undefined ? NaN : (runMsOf(task, NaN) ?? NaN),
    lastAt: Math.min(task.lastAt, seenAt),
  };
}

function endOf(task: Task): EndKind | undefined {
  switch (stateOf(task)) {
    case "SUCCESS":
      return "succeeded";
    case "FAILURE":
      return "failed";
    case "REVOKED":
      return "revoked";
    case "REJECTED":
      return "rejected";
    default:
      // A retry that a later attempt has followed is known by that attempt.
      return task.step === Step.RETRIED && retriesOf(task.run) === retriesOf(task.lastRun) ? "retried" : undefined;
  }
}
