import { setTimeout as delay } from "node:timers/promises";
import { markMessage } from "./traffic.ts";
import type { Watcher } from "./watcher.ts";

const EVERY_MS = 500;
const LOOK_EVERY_MS = 20;

/** Publishes a task of its own every half a second and looks for it every 20 ms until it is shown. */
export class Marks {
  readonly #watcher: Watcher;
  readonly #publish: (message: string) => Promise<unknown>;
  /** From publishing to the first answer that shows it; for one that is never shown, until it was given up. */
  readonly latencyMs: number[] = [];
  sent = 0;

  constructor(watcher: Watcher, publish: (message: string) => Promise<unknown>) {
    this.#watcher = watcher;
    this.#publish = publish;
  }

  /** Sends new ones until `enough`, and looks for the last one until `over`. */
  async run(enough: AbortSignal, over: AbortSignal): Promise<void> {
    while (!enough.aborted) {
      const id = crypto.randomUUID();
      const begunAt = performance.now();
      this.sent += 1;
      await this.#publish(markMessage(id, Date.now()));
      while (!(await this.#isShown(id)) && !over.aborted) await delay(LOOK_EVERY_MS);
      this.latencyMs.push(performance.now() - begunAt);
      await delay(EVERY_MS);
    }
  }

  async #isShown(id: string): Promise<boolean> {
    return (await this.#watcher.ask.get(this.#watcher.taskPath(id))).status === 200;
  }
}
