import type { Redis } from "ioredis";
import { reasonOf } from "../../lib/errors.ts";
import type { CeleryKeys } from "../../lib/wire/celery/keys.ts";
import { Arrival } from "../broker/arrival.ts";
import type { Bindings, Route } from "../broker/bindings.ts";
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
  readonly #routes = new Map<string, Route>();
  #queues: readonly string[];
  #cycle: QueueCycle;

  constructor(queues: readonly string[], options: ConsumerOptions) {
    this.#options = options;
    this.#queues = [...new Set(queues)];
    this.#cycle = new QueueCycle(options.keys, queues);
  }

  /** In the order in which they were named. */
  get queues(): readonly string[] {
    return this.#queues;
  }

  /** How messages come to a queue that is consumed. */
  routeOf(queue: string): Route {
    return this.#routes.get(queue) ?? { exchange: queue, routingKey: queue };
  }

  /** Of a queue that is consumed already the route stays, as in Celery. */
  async add(queue: string, route: Partial<Route> = {}): Promise<void> {
    if (this.queues.includes(queue)) return;
    this.#routes.set(queue, { exchange: route.exchange ?? queue, routingKey: route.routingKey ?? queue });
    await this.#declare(queue);
    this.#consume([...this.queues, queue]);
  }

  remove(queue: string): void {
    this.#consume(this.queues.filter((other) => other !== queue));
  }

  #consume(queues: readonly string[]): void {
    this.#queues = queues;
    this.#cycle = new QueueCycle(this.#options.keys, queues);
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
    await persevere(() => this.#options.bindings.declareQueue(queue, this.routeOf(queue)), this.#options.log);
  }
}
