import type { Value } from "../../lib/wire/python/value.ts";
import type { Signature } from "../producer/signature.ts";

type ErrorClass = abstract new (...args: never[]) => Error;

/** How a task is sent and run. Times are in seconds, as everywhere in Celery. */
export interface TaskOptions {
  /** How often it may run again; null for without end. 3 by default. */
  maxRetries?: number | null;
  /** Until it runs again, where `retry` does not say; 180 by default. */
  defaultRetryDelay?: number;
  /** Errors after which it runs again by itself; any `Error` where only `retryBackoff` is given. */
  autoretryFor?: readonly ErrorClass[];
  dontAutoretryFor?: readonly ErrorClass[];
  /** Doubles the delay at each retry by itself; a number is what it begins with. */
  retryBackoff?: boolean | number;
  /** The longest such delay; 600 by default. */
  retryBackoffMax?: number;
  /** Whether such a delay is anything between 0 and what it would be; true by default. */
  retryJitter?: boolean;
  /** Errors that are part of its work: they are logged without alarm. */
  throws?: readonly ErrorClass[];
  /** When its signal fires, and when it is ended. */
  softTimeLimit?: number;
  timeLimit?: number;
  /** Whether the message is acknowledged when the task has ended, so that it runs again should the worker die. */
  acksLate?: boolean;
  /** With `acksLate`: whether it is acknowledged although the task failed, or ran out of time; true by default. */
  acksOnFailure?: boolean;
  acksOnTimeout?: boolean;
  /** With `acksLate`: whether somebody else shall have the message when its process died; else it has failed. */
  rejectOnWorkerLost?: boolean;
  /** `"10/s"`, `"10/m"`, `"10/h"` or a number a second. */
  rateLimit?: string | number | null;
  /** Where it is sent, and how urgent it is. */
  queue?: string;
  priority?: number;
  /** How long it is worth running after it was sent. */
  expires?: number;
  ignoreResult?: boolean;
  storeErrorsEvenIfIgnored?: boolean;
  /** Whether its result reads STARTED while it runs. */
  trackStarted?: boolean;
  /** Whether events tell of it; true by default. */
  sendEvents?: boolean;
  /**
   * Names of all parameters of the handler, for callers that name their arguments. A call that does not fit them fails with Python's
   * TypeError. Without them named arguments are in `ctx.kwargs`.
   */
  parameters?: readonly string[];
}

/** What `apply` and a signature's options may say for one call. Times are in seconds. */
export interface ApplyOptions {
  taskId?: string;
  queue?: string;
  priority?: number;
  countdown?: number;
  /** Not before this. */
  eta?: Date;
  /** Not after so many seconds, or this time. */
  expires?: number | Date;
  timeLimit?: number;
  softTimeLimit?: number;
  ignoreResult?: boolean;
  /** Name to show instead of the task's. */
  shadow?: string;
  /** Headers of the caller's own. */
  headers?: Record<string, unknown>;
  kwargs?: Record<string, unknown>;
  /** Texts that events and `inspect` show instead of the arguments. */
  argsRepr?: string;
  kwargsRepr?: string;
  /** What is sent with the result when the task succeeds, or with its id when it fails. */
  link?: Signature | readonly Signature[];
  linkError?: Signature | readonly Signature[];
}

/** The options that a task gives its messages, under Celery's names. */
export function messageDefaults(options: TaskOptions): ReadonlyMap<string, Value> {
  return optionMap([
    ["queue", options.queue],
    ["priority", options.priority],
    ["expires", options.expires],
    ["time_limit", options.timeLimit],
    ["soft_time_limit", options.softTimeLimit],
    ["ignore_result", options.ignoreResult ?? false],
  ]);
}

export function optionMap(entries: readonly (readonly [string, Value | undefined])[]): Map<string, Value> {
  return new Map(entries.filter((entry): entry is readonly [string, Value] => entry[1] !== undefined));
}
