import { SoftTimeLimitExceeded, TaskTerminated, WorkerShutdown } from "../errors.ts";
import type { Outcome } from "../task/outcome.ts";
import type { Job, Pool, PoolFactory, PoolOptions } from "./pool.ts";

/** Tasks run in the worker's own event loop: for work that waits. A task that is over its limit is left to itself. */
export const asyncPool: PoolFactory = (options) => new AsyncPool(options);

/** A job with what ends it from outside. */
interface Entry {
  job: Job;
  controller: AbortController;
  end: (outcome: Outcome | null) => void;
}

class AsyncPool implements Pool {
  readonly implementation = "perennial.worker.pool:AsyncPool";
  readonly #options: PoolOptions;
  #size: number;
  #waiting: Entry[] = [];
  readonly #running = new Set<Entry>();

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#size = options.size;
  }

  get size(): number {
    return this.#size;
  }

  async start(): Promise<void> {}

  run(job: Job): Promise<Outcome | null> {
    return new Promise((resolve) => {
      const entry: Entry = { job, controller: new AbortController(), end: resolve };
      this.#waiting.push(entry);
      this.#fill();
    });
  }

  terminate(taskId: string, signal: number): boolean {
    const isMeant = ({ job }: Entry) => job.request.id === taskId;
    const entry = [...this.#running].find(isMeant) ?? this.#waiting.find(isMeant);
    if (entry === undefined) return false;
    this.#waiting = this.#waiting.filter((other) => other !== entry);
    entry.controller.abort(new TaskTerminated(signal));
    entry.end({ kind: "terminated", signal });
    return true;
  }

  grow(by: number): void {
    this.#size += by;
    this.#fill();
  }

  shrink(by: number): void {
    this.#size = Math.max(1, this.#size - by);
  }

  async restart(): Promise<void> {}

  stats(): ReturnType<Pool["stats"]> {
    return [
      ["max-concurrency", this.#options.size], // keeps what it was at the start, as in Celery
      ["processes", [process.pid]],
      ["max-tasks-per-child", "N/A"],
      ["put-guarded-by-semaphore", true],
      ["timeouts", [0, 0]],
    ];
  }

  async stop(): Promise<void> {
    this.#waiting = [];
    for (const { controller } of this.#running) controller.abort(new WorkerShutdown());
  }

  #fill(): void {
    while (this.#running.size < this.#size) {
      const entry = this.#waiting.shift();
      if (entry === undefined) return;
      this.#running.add(entry);
      void this.#run(entry).finally(() => {
        this.#running.delete(entry);
        this.#fill();
      });
    }
  }

  /** The slot is free again when the job has ended for the worker, whether or not its function has. */
  async #run(entry: Entry): Promise<void> {
    const { job, controller } = entry;
    if (!(await job.accepted(process.pid))) return entry.end(null);
    if (controller.signal.aborted) return;
    const limits: NodeJS.Timeout[] = [];
    const ended = new Promise<Outcome>((resolve) => {
      const given = entry.end;
      entry.end = (outcome) => {
        given(outcome);
        if (outcome !== null) resolve(outcome);
      };
      const { softLimitMs, hardLimitMs } = job;
      if (softLimitMs !== null) limits.push(setTimeout(() => controller.abort(new SoftTimeLimitExceeded()), softLimitMs));
      if (hardLimitMs !== null) {
        limits.push(
          setTimeout(() => {
            entry.end({ kind: "timed-out", limitMs: hardLimitMs });
            controller.abort(new WorkerShutdown());
          }, hardLimitMs),
        );
      }
    });
    entry.end(await Promise.race([this.#options.execute(job.request, controller.signal), ended]));
    for (const limit of limits) clearTimeout(limit);
  }
}
