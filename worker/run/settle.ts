import { type Log, logFailure } from "../log.ts";
import type { Channel, End } from "../broker/channel.ts";
import type { HeldTask } from "../consumer/held-task.ts";
import type { Prefetch } from "../consumer/prefetch.ts";
import { persevere } from "../persevere.ts";

/** Acknowledges messages and gives them back, each once; Redis is waited for as long as it takes. */
export class Settlement {
  readonly #channel: Channel;
  readonly #prefetch: Prefetch;
  readonly #log: Log;

  constructor(channel: Channel, prefetch: Prefetch, log: Log) {
    this.#channel = channel;
    this.#prefetch = prefetch;
    this.#log = log;
  }

  /** False when somebody else has the message by now. */
  async acknowledge(task: HeldTask): Promise<boolean> {
    if (!this.#settle(task)) return true;
    let attempts = 0;
    const wasHeld = await persevere(() => {
      attempts++;
      return this.#channel.acknowledge(task.held.tag);
    }, this.#log);
    // Where a reply got lost, the first attempt may have done it.
    return wasHeld || attempts > 1;
  }

  /** Puts the message back into its queue, marked as redelivered. */
  async giveBack(task: HeldTask, end: End): Promise<void> {
    if (!this.#settle(task)) return;
    await persevere(() => this.#channel.giveBack(task.held, end), this.#log);
  }

  /** Of a message that is no task. */
  discard(tag: string): void {
    logFailure(
      this.#log,
      "a message was not acknowledged",
      persevere(() => this.#channel.acknowledge(tag), this.#log),
    );
  }

  #settle(task: HeldTask): boolean {
    if (task.isSettled) return false;
    task.isSettled = true;
    this.#prefetch.release();
    return true;
  }
}
