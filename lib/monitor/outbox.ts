import type { Ordinal } from "../log/log.ts";
import type { Event, LogEvent } from "../model/event.ts";

/** What was heard and is not in the log yet, in the order in which it was heard. Bounded: what the bound drops is counted. */
export class Outbox {
  readonly #bound: number;
  #events: Event[] = [];
  readonly #waiting = new Map<Event, (ordinal: Ordinal) => void>();
  #dropped = 0;
  #droppedFrom = 0;

  constructor(bound = 500_000) {
    this.#bound = bound;
  }

  get size(): number {
    return this.#events.length;
  }

  push(events: readonly Event[]): void {
    for (const event of events) {
      if (this.#events.length < this.#bound) {
        this.#events.push(event);
      } else {
        this.#dropped += 1;
        if (this.#dropped === 1) this.#droppedFrom = event.seenAt;
      }
    }
  }

  /** Pushes events; resolves with the ordinal of the last when they are in the log. */
  async pushAndWait(events: readonly Event[]): Promise<Ordinal> {
    this.push(events);
    const last = events.at(-1);
    return new Promise((resolve) => {
      if (last !== undefined) this.#waiting.set(last, resolve);
    });
  }

  /** These events are in the log, the first at this ordinal. */
  stored(events: readonly Event[], first: Ordinal): void {
    if (this.#waiting.size === 0) return;
    for (const [i, event] of events.entries()) {
      this.#waiting.get(event)?.(first + i);
      this.#waiting.delete(event);
    }
  }

  /** Up to `limit` events from the front. They stay until `drop` says that they are stored. */
  peek(limit: number): Event[] {
    return this.#events.slice(0, limit);
  }

  drop(count: number): void {
    this.#events.splice(0, count);
  }

  /** Forget what was heard before: on a standby the leader has stored it by then. */
  forgetBefore(seenAt: number): void {
    const at = this.#events.findIndex((event) => event.seenAt >= seenAt);
    this.#events.splice(0, at < 0 ? this.#events.length : at);
    this.#dropped = 0;
  }

  /** The loss that the bound has caused since the last call, as an event for the log. */
  takeLoss(now: number): LogEvent | undefined {
    if (this.#dropped === 0) return undefined;
    const loss: LogEvent = {
      type: "log.gap",
      at: now,
      seenAt: now,
      source: "leader",
      fromAt: this.#droppedFrom,
      count: this.#dropped,
      details: JSON.stringify({ where: "outbox", reason: "the store did not take events as fast as they came" }),
    };
    this.#dropped = 0;
    return loss;
  }
}
