import { type Log, logLevel } from "../log.ts";
import type { Outcome } from "../task/outcome.ts";
import { Crew } from "./crew.ts";
import type { Job, Pool, PoolFactory, PoolOptions } from "./pool.ts";
import { PoolChild, isPoolChild } from "./pool-child.ts";
import { WriteCounts } from "./write-counts.ts";

export interface ProcessPoolSettings {
  /**
   * Path of the module that exports the application, as `-A` of the command line takes it. Each process loads it again: what is only
   * for the worker itself belongs behind `if (import.meta.main)`.
   */
  module: string;
  /** A process is replaced when it has run so many tasks; never by default. */
  maxTasksPerChild?: number;
  /** A process that has ever used so many KiB is replaced after its task; never by default. */
  maxMemoryPerChild?: number;
}

/**
 * Tasks run in processes, one at a time in each: for work that computes, and for work that may crash or must end when it is told to.
 * A task is handed to a process that is free (as with Celery's `-O fair`), and what needs Redis in a task has connections of its own.
 */
export function processPool(settings: ProcessPoolSettings): PoolFactory {
  return (options) => new ProcessPool(settings, options);
}

/** A job with what has been decided about it. */
interface Entry {
  job: Job;
  /** Counted from 0, as in messages about processes that were lost. */
  number: number;
  end: (outcome: Outcome | null) => void;
  /** The process that was asked to run it. */
  child: PoolChild | null;
  /** What becomes of it when it ends without having told. */
  fate: Outcome | null;
}

/** The longest time that a timer can wait. */
const LONGEST_MS = 2 ** 31 - 1;

class ProcessPool implements Pool {
  readonly implementation = "perennial.worker.pool:ProcessPool";
  readonly #settings: ProcessPoolSettings;
  readonly #startSize: number;
  readonly #log: Log;
  readonly #crew: Crew;
  readonly #writes = new WriteCounts();
  #waiting: Entry[] = [];
  readonly #running = new Set<Entry>();
  #jobs = 0;
  #isStopped = false;

  constructor(settings: ProcessPoolSettings, { size, hostname, log }: PoolOptions) {
    if (isPoolChild()) throw new TypeError(`${settings.module} starts a worker when it is loaded: do so only if (import.meta.main)`);
    this.#settings = settings;
    this.#startSize = size;
    this.#log = log;
    const begin = (place: number) => new PoolChild({ module: settings.module, hostname, logLevel: logLevel() }, place);
    this.#crew = new Crew({ size, begin, onFree: () => this.#fill(), log });
  }

  get size(): number {
    return this.#crew.size;
  }

  start(): Promise<void> {
    return this.#crew.start();
  }

  run(job: Job): Promise<Outcome | null> {
    return new Promise((resolve) => {
      this.#waiting.push({ job, number: this.#jobs++, end: resolve, child: null, fate: null });
      this.#fill();
    });
  }

  terminate(taskId: string, signal: number): boolean {
    const isMeant = ({ job }: Entry) => job.request.id === taskId;
    const entry = [...this.#running].find(isMeant) ?? this.#waiting.find(isMeant);
    if (entry === undefined) return false;
    const outcome: Outcome = { kind: "terminated", signal };
    if (this.#waiting.includes(entry)) {
      this.#waiting = this.#waiting.filter((other) => other !== entry);
      entry.end(outcome);
    } else if (entry.child === null || entry.child.kill(signal)) {
      entry.fate = outcome;
    } else {
      this.#log({ level: "warning", text: "a process did not take a signal", about: { id: taskId, signal, pid: entry.child.pid } });
    }
    return true;
  }

  grow(by: number): void {
    this.#crew.resize(this.size + by);
  }

  shrink(by: number): void {
    this.#crew.resize(Math.max(1, this.size - by));
  }

  async restart(): Promise<void> {
    this.#crew.restart();
  }

  stats(): ReturnType<Pool["stats"]> {
    const { pids } = this.#crew;
    return [
      ["max-concurrency", this.#startSize], // keeps what it was at the start, as in Celery
      ["processes", pids],
      ["max-tasks-per-child", this.#settings.maxTasksPerChild ?? "N/A"],
      ["put-guarded-by-semaphore", false],
      ["timeouts", [0, 0]],
      ["writes", this.#writes.stats(pids.length)],
    ];
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#waiting = [];
    await this.#crew.stop();
  }

  #fill(): void {
    while (this.#waiting.length > 0) {
      const child = this.#crew.take();
      const entry = child === null ? undefined : this.#waiting.shift();
      if (child === null || entry === undefined) return;
      this.#running.add(entry);
      void this.#run(entry, child);
    }
  }

  async #run(entry: Entry, child: PoolChild): Promise<void> {
    const outcome = await this.#outcome(entry, child);
    this.#running.delete(entry);
    if (!this.#isStopped) entry.end(outcome);
    this.#crew.giveBack(child, this.#isWorn(child));
  }

  async #outcome(entry: Entry, child: PoolChild): Promise<Outcome | null> {
    const { request, softLimitMs, hardLimitMs } = entry.job;
    if (!(await entry.job.accepted(child.pid))) return null;
    if (entry.fate !== null) return entry.fate;
    entry.child = child;
    this.#writes.add(child.place);
    const limit =
      hardLimitMs === null ? undefined : setTimeout(() => this.#timeOut(entry, child, hardLimitMs), Math.min(hardLimitMs, LONGEST_MS));
    const outcome = await child.run(request, softLimitMs === null ? null : Math.min(softLimitMs, LONGEST_MS));
    clearTimeout(limit);
    return outcome ?? entry.fate ?? { kind: "lost", reason: `Worker exited prematurely: ${child.end} Job: ${entry.number}.` };
  }

  #timeOut(entry: Entry, child: PoolChild, limitMs: number): void {
    entry.fate = { kind: "timed-out", limitMs };
    child.kill("SIGKILL");
  }

  #isWorn({ tasks, peakKb }: PoolChild): boolean {
    const { maxTasksPerChild = Infinity, maxMemoryPerChild = Infinity } = this.#settings;
    return tasks >= maxTasksPerChild || peakKb > maxMemoryPerChild;
  }
}
