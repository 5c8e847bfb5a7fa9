import type { Event, LogEvent } from "../model/event.ts";
import { orAborted } from "./duty.ts";

/** What was heard and is not in the log yet, in the order in which it was heard. Bounded: what the bound drops is counted. */
export class Outbox {
  readonly #bound: number;
  #events: Event[] = [];
  /** How many events ever came in and went out. */
  #came = 0;
  #went = 0;
  #waiting: { for: number; resolve: () => void }[] = [];
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
        this.#came += 1;
      } else {
        this.#dropped += 1;
        if (this.#dropped === 1) this.#droppedFrom = event.seenAt;
      }
    }
  }

  /** Up to `limit` events from the front. They stay until `drop` says that they are in the log. */
  peek(limit: number): Event[] {
    return this.#events.slice(0, limit);
  }

  drop(count: number): void {
    this.#went += this.#events.splice(0, count).length;
    const due = this.#waiting.filter((one) => one.for <= this.#went);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter((one) => one.for > this.#went);
    for (const { resolve } of due) resolve();
  }

  /** Resolves when everything that was pushed until now is in the log, or when the signal fires. */
  async stored(signal: AbortSignal): Promise<void> {
    if (this.#events.length === 0 || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ for: this.#came, resolve });
    await orAborted(promise, signal);
  }

  /** Forget what was heard before: on a standby the leader has stored it by then. */
  forgetBefore(seenAt: number): void {
    const at = this.#events.findIndex((event) => event.seenAt >= seenAt);
    this.drop(at < 0 ? this.#events.length : at);
    this.#dropped = 0;
  }

  /** The loss that the bound has caused, as an event for the log, until `lossTold` says that it is there. */
  loss(now: number): (LogEvent & { count: number }) | undefined {
    if (this.#dropped === 0) return undefined;
    return {
      type: "log.gap",
      at: now,
      seenAt: now,
      source: "leader",
      fromAt: this.#droppedFrom,
      count: this.#dropped,
      details: JSON.stringify({ where: "outbox", reason: "the store did not take events as fast as they came" }),
    };
  }

  lossTold(count: number): void {
    this.#dropped = Math.max(0, this.#dropped - count);
  }
}
