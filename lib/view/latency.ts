import { retriesOf } from "../model/event.ts";
import { isDoubtful } from "../model/state.ts";
import { Step, type Task } from "../model/task.ts";

/**
 * How long the first attempt waited for a worker, ms: from when it was due (its ETA, or sent, or received where sending was
 * not told) until it started. Undefined for retries, whose wait is mostly their countdown. Never negative, whatever clocks say.
 */
export function waitMsOf(task: Task): number | undefined {
  const wait = waitMs(task.startedAt ?? NaN, task.sentAt ?? NaN, task.receivedAt ?? NaN, task.etaAt ?? NaN, retriesOf(task.lastRun) > 0);
  return Number.isNaN(wait) ? undefined : wait;
}

/** How long the task ran, ms: as the worker measured it, else from start to end, else, while it runs, from start until now. */
export function runMsOf(task: Task, now: number): number | undefined {
  const running = (task.step === Step.STARTED || task.step === Step.PROGRESS) && !isDoubtful(task);
  // A success stays the outcome when its message is delivered again; the start is then that of the later run.
  const startedAt = task.run === task.lastRun ? task.startedAt : undefined;
  const run = runMs(task.runtimeMs ?? NaN, startedAt ?? NaN, task.endedAt ?? (running ? now : NaN));
  return Number.isNaN(run) ? undefined : run;
}

/** The same on columns, where NaN stands for what is not known. */
export function waitMs(startedAt: number, sentAt: number, receivedAt: number, etaAt: number, isRetry: boolean): number {
  if (isRetry) return NaN;
  const ready = Number.isNaN(sentAt) ? receivedAt : sentAt;
  const due = ready >= etaAt || Number.isNaN(etaAt) ? ready : etaAt;
  return Math.max(0, startedAt - due);
}

/** The same on columns; `until` is the end, or now while it runs. */
export function runMs(runtimeMs: number, startedAt: number, until: number): number {
  if (!Number.isNaN(runtimeMs)) return runtimeMs;
  const run = until - startedAt;
  return run >= 0 ? run : NaN;
}
