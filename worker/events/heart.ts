import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { reasonOf } from "../../lib/errors.ts";
import type { CeleryKeyOptions } from "../../lib/wire/celery/keys.ts";
import type { Log } from "../log.ts";
import type { LamportClock } from "./lamport-clock.ts";
import type { Pulse } from "./pulse.ts";

/** What the thread is given. */
export interface HeartData {
  broker: string;
  keys: CeleryKeyOptions;
  hostname: string;
  intervalMs: number;
  clock: SharedArrayBuffer;
  pulse: SharedArrayBuffer;
}

/**
 * Tells that the worker is there: `worker-online`, a heartbeat each interval, `worker-offline` (Celery 5.7, `worker/heartbeat.py`).
 * From a thread with a connection of its own: a worker that computes is busy, not dead.
 */
export class Heart {
  readonly #data: HeartData;
  readonly #log: Log;
  #thread: Worker | null = null;

  constructor(options: Omit<HeartData, "clock" | "pulse"> & { clock: LamportClock; pulse: Pulse; log: Log }) {
    const { clock, pulse, log, ...data } = options;
    this.#data = { ...data, clock: clock.memory, pulse: pulse.memory };
    this.#log = log;
  }

  /** Resolves when the worker is online for everybody. */
  async start(): Promise<void> {
    const thread = new Worker(new URL("./heart-thread.ts", import.meta.url), { workerData: this.#data });
    thread.on("error", (error) => this.#log({ level: "error", text: "the heart has stopped", about: { reason: reasonOf(error) } }));
    this.#thread = thread;
    await once(thread, "message");
  }

  /** Resolves when the worker is offline for everybody. */
  async stop(): Promise<void> {
    const thread = this.#thread;
    this.#thread = null;
    if (thread === null) return;
    const ended = once(thread, "exit");
    thread.postMessage("stop");
    await ended;
  }
}
