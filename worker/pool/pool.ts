import type { TaskRequest } from "../../lib/wire/celery/task-request.ts";
import type { Value } from "../../lib/wire/python/value.ts";
import type { Log } from "../log.ts";
import type { Outcome } from "../task/outcome.ts";

/** One run of a task. */
export interface Job {
  request: TaskRequest;
  /** When the task is told that its time is up, and when it is ended; null for never. */
  softLimitMs: number | null;
  hardLimitMs: number | null;
  /**
   * Called when a slot is free, with the id of the process that will run the task. The task begins when this resolves, and not at
   * all when it resolves to false; it never rejects.
   */
  accepted(pid: number): Promise<boolean>;
}

/**
 * Where tasks run. A pool queues jobs that have no free slot, in the order in which they came, and holds the time limits.
 * Nothing that a task does may make one of these methods throw or reject.
 */
export interface Pool {
  /** How many tasks can run at once, now. */
  readonly size: number;
  /** What `stats` shows as `pool.implementation`. */
  readonly implementation: string;
  start(): Promise<void>;
  /** Resolves when the task has ended, however it did; to null when `accepted` said no. */
  run(job: Job): Promise<Outcome | null>;
  /** Ends a job that waits or runs: its outcome is `terminated`. False when it has none of this id. */
  terminate(taskId: string, signal: number): boolean;
  grow(by: number): void;
  /** What runs is finished first; one slot stays at least. */
  shrink(by: number): void;
  /** Replaces its processes, where it has some. */
  restart(): Promise<void>;
  /** What `stats` shows under `pool`, after the implementation. */
  stats(): [string, Value][];
  /** Resolves when nothing of it is left. What still runs is given up, without an outcome. */
  stop(): Promise<void>;
}

/**
 * Runs a task's handler in this process. Resolves with what became of it and never rejects. The signal's reason says why the task
 * should end: a `SoftTimeLimitExceeded`, a `TaskTerminated`, a `WorkerShutdown`.
 */
export type Execute = (request: TaskRequest, signal: AbortSignal) => Promise<Outcome>;

export interface PoolOptions {
  size: number;
  /** For pools that run tasks in this process. */
  execute: Execute;
  /** Name of the node. */
  hostname: string;
  log: Log;
}

/** How a worker makes its pool: `asyncPool`, or what `processPool({ module })` returns. */
export type PoolFactory = (options: PoolOptions) => Pool;
