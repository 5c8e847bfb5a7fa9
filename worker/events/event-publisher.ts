import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { encodeEvent, encodeEventBatch, type EventToSend } from "../../lib/wire/celery/encode-event.ts";
import type { CeleryKeys } from "../../lib/wire/celery/keys.ts";
import type { Decoded } from "../../lib/wire/decoded.ts";
import type { Value } from "../../lib/wire/python/value.ts";
import { type Log, logFailure } from "../log.ts";
import { now } from "../now.ts";
import type { LamportClock } from "./lamport-clock.ts";

export type EventFields = readonly [string, Value][];

/** Makes and publishes the events of one sender. Events are best effort: what cannot be published is logged and gone. */
export class EventPublisher {
  readonly hostname: string;
  readonly #redis: () => Redis;
  readonly #keys: CeleryKeys;
  readonly #clock: LamportClock;
  readonly #log: Log;
  #last: Promise<unknown> = Promise.resolve();

  #lastAt = 0;

  constructor(options: { hostname: string; redis: () => Redis; keys: CeleryKeys; clock: LamportClock; log: Log }) {
    this.hostname = options.hostname;
    this.#redis = options.redis;
    this.#keys = options.keys;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** The event as it is now; it may be published later. */
  make(type: string, fields: EventFields): EventToSend {
    return {
      type,
      hostname: this.hostname,
      pid: process.pid,
      clock: this.#clock.forward(),
      at: this.#now(),
      utcOffset: new Date().getTimezoneOffset() / 60,
      fields,
    };
  }

  /** Never the same twice: monitors put events in order by their times. */
  #now(): number {
    this.#lastAt = Math.max(now(), this.#lastAt + 0.001);
    return this.#lastAt;
  }

  publish(event: EventToSend): void {
    this.#publish(encodeEvent(event, this.#target()));
  }

  publishBatch(group: string, events: readonly EventToSend[]): void {
    this.#publish(encodeEventBatch(group, events, this.#target()));
  }

  /** Resolves when everything that was published is with Redis, or lost. */
  async settled(): Promise<void> {
    await this.#last.catch(() => {});
  }

  #target(): { exchange: string; deliveryTag: string } {
    return { exchange: this.#keys.options.eventExchange, deliveryTag: randomUUID() };
  }

  #publish(publication: Decoded<{ routingKey: string; message: string }>): void {
    if (!publication.ok) return this.#log({ level: "error", text: "an event cannot be written", about: { reason: publication.reason } });
    const { routingKey, message } = publication.value;
    this.#last = this.#redis().publish(this.#keys.fanoutChannel(this.#keys.options.eventExchange, routingKey), message);
    logFailure(this.#log, "an event was not published", this.#last);
  }
}
