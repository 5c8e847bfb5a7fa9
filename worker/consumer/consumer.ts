import type { Redis } from "ioredis";
import { reasonOf } from "../../lib/errors.ts";
import type { CeleryKeys } from "../../lib/wire/celery/keys.ts";
import { Arrival } from "../broker/arrival.ts";
import type { Bindings } from "../broker/bindings.ts";
import { QueueCycle } from "../broker/queue-cycle.ts";
import { type Taken, take } from "../broker/take.ts";
import { type Log } from "../log.ts";
import { persevere } from "../persevere.ts";
import type { Prefetch } from "./prefetch.ts";

/** As many messages as are taken in one go; more would let one worker empty a queue that others share. */
const MOST_AT_ONCE = 16;

export interface ConsumerOptions {
  redis: Redis;
  /** A connection for commands that wait. */
  connect: () => Redis;
  keys: CeleryKeys;
  bindings: Bindings;
  prefetch: Prefetch;
  receive: (taken: Taken) => void;
  log: Log;
}

/** Takes messages of some queues, as many as the prefetch allows. */
export class Consumer {
  readonly #options: ConsumerOptions;
  #cycle: QueueCycle;

  constructor(queues: readonly string[], options: ConsumerOptions) {
    this.#options = options;
    this.#cycle = new QueueCycle(options.keys, queues);
  }

  get queues(): readonly string[] {
    return this.#cycle.queues;
  }

  async add(queue: string): Promise<void> {
    if (this.queues.includes(queue)) return;
    await this.#declare(queue);
    this.#cycle = new QueueCycle(this.#options.keys, [...this.queues, queue]);
  }

  remove(queue: string): void {
    this.#cycle = new QueueCycle(
      this.#options.keys,
      this.queues.filter((other) => other !== queue),
    );
  }

  /** Until the signal fires. Whatever was taken by then has been handed on. */
  async run(signal: AbortSignal): Promise<void> {
    const { prefetch, redis, keys, receive, log, connect } = this.#options;
    const arrival = new Arrival(connect);
    await Promise.all(this.queues.map((queue) => this.#declare(queue)));
    try {
      while (!signal.aborted) {
        await prefetch.room(signal);
        if (signal.aborted) break;
        const cycle = this.#cycle;
        // Not interrupted: what a script has taken must be heard of.
        const taken = cycle.queues.length === 0 ? [] : await take(redis, keys, cycle, Math.min(prefetch.free, MOST_AT_ONCE), log, signal);
        for (const message of taken) {
          prefetch.take();
          receive(message);
        }
        if (taken.length === 0)
          await arrival.wait(
            cycle.queues.map((queue) => keys.queueList(queue, 0)),
            signal,
          );
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      log({ level: "warning", text: "stopped while Redis was away", about: { reason: reasonOf(error) } });
    } finally {
      arrival.close();
    }
  }

  async #declare(queue: string): Promise<void> {
    await persevere(() => this.#options.bindings.declareQueue(queue), this.#options.log);
  }
}
