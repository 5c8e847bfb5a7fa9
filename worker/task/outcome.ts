import type { ResultTuple } from "../../lib/wire/celery/result-tuple.ts";
import type { Value } from "../../lib/wire/python/value.ts";

/** What a task threw, in Python's words. */
export interface RaisedException {
  /** Class name without module, and the module. */
  type: string;
  module: string;
  /** Constructor arguments. */
  args: Value[];
  /** As Python's `repr` shows it. */
  repr: string;
  /** In Python's form; null where none exists. */
  traceback: string | null;
}

/** What a task wants changed when it runs again. */
export interface RetryWish {
  /** When, epoch ms; null for at once. */
  etaAt: number | null;
  args?: Value[];
  kwargs?: [string, Value][];
  queue?: string;
  priority?: number;
  expiresAt?: number;
  softLimitMs?: number;
  hardLimitMs?: number;
}

/** How one run of a task ended. Plain data: it may come from another process. */
export type Outcome =
  | { kind: "returned"; result: Value; children: ResultTuple[]; runtimeMs: number }
  | { kind: "raised"; exception: RaisedException; children: ResultTuple[]; expected: boolean }
  | { kind: "retry"; wish: RetryWish; cause: RaisedException | null; traceback: string | null; children: ResultTuple[] }
  /** It ends without a trace: the task said so, or put another in its place. */
  | { kind: "ignored" }
  | { kind: "rejected"; requeue: boolean; exception: RaisedException }
  /** Over its hard limit. */
  | { kind: "timed-out"; limitMs: number }
  /** Somebody ended it from outside. */
  | { kind: "terminated"; signal: number }
  /** Its process died with it: what a Python worker's `WorkerLostError` says. */
  | { kind: "lost"; reason: string };
