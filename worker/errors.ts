import { constants } from "node:os";
import type { RetryWish } from "./task/outcome.ts";

/**
 * An error that Python knows by a class of its own: `new PythonError("ValueError", ["boom", 7])`. Clients look the module up among
 * those that they have loaded, and else make a class of that name.
 */
export class PythonError extends Error {
  readonly type: string;
  readonly module: string;
  readonly args: readonly unknown[];

  constructor(type: string, args: readonly unknown[] = [], module = "builtins", options?: ErrorOptions) {
    super(args.map(String).join(", "), options);
    this.name = type;
    this.type = type;
    this.module = module;
    this.args = args;
  }
}

/** Thrown into a task by its signal when its soft limit is over. */
export class SoftTimeLimitExceeded extends PythonError {
  constructor() {
    super("SoftTimeLimitExceeded", [], "billiard.exceptions");
  }
}

/** Why a task's signal fires when somebody ended the task from outside. */
export class TaskTerminated extends PythonError {
  constructor(signal: number) {
    super("Terminated", [signal], "billiard.exceptions");
  }
}

/** Why a task's signal fires when the worker ends before the task. */
export class WorkerShutdown extends PythonError {
  constructor() {
    super("WorkerShutdown", [], "celery.exceptions");
  }
}

/** Thrown by a task that wants to end without a result, an event or anything that follows it. */
export class Ignore extends PythonError {
  constructor() {
    super("Ignore", [], "celery.exceptions");
  }
}

/** Thrown by a task that does not want its message: with `requeue` somebody else shall have it. Needs late acknowledgement. */
export class Reject extends PythonError {
  readonly requeue: boolean;

  constructor(reason = "", options: { requeue?: boolean } = {}) {
    super("Reject", [reason, options.requeue ?? false], "celery.exceptions");
    this.requeue = options.requeue ?? false;
  }
}

/** What `ctx.retry` throws: the task runs again. */
export class Retry extends PythonError {
  readonly wish: RetryWish;

  /** @param text what Python says of it: `Retry in 3s: ValueError('boom')` */
  constructor(wish: RetryWish, text: string, cause: unknown) {
    super("Retry", [], "celery.exceptions", { cause });
    this.message = text;
    this.wish = wish;
  }
}

/** What an `AsyncResult` throws for a task that failed: type, module and arguments are those of the exception in the task. */
export class TaskFailed extends PythonError {
  readonly state: string;
  readonly traceback: string | null;

  constructor(failure: { state: string; type: string; module: string; args: readonly unknown[]; text: string; traceback: string | null }) {
    super(failure.type, failure.args, failure.module);
    this.message = failure.text;
    this.state = failure.state;
    this.traceback = failure.traceback;
  }
}

/** Number of a signal that is named as Python names it, with or without `SIG`; null for an unknown one. */
export function signalNumber(signal: string | number): number | null {
  if (typeof signal === "number") return signal;
  const name = signal.startsWith("SIG") ? signal : `SIG${signal}`;
  const found = Object.entries(constants.signals).find(([known]) => known === name);
  return found === undefined ? null : found[1];
}
