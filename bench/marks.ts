import { setTimeout as delay } from "node:timers/promises";
import { markMessage } from "./traffic.ts";
import type { Watcher } from "./watcher.ts";

const EVERY_MS = 1_000;
/** Looking costs the watcher some ms each time, so who is far behind is left in peace. */
const LOOK_EVERY_MS = 20;
const LOOK_LATER_MS = 250;
const LATE_MS = 500;

/** Publishes a task of its own about every second and looks for it every 20 ms until it is shown, after half a second less often. */
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
      while (!(await this.#isShown(id)) && !over.aborted)
        await delay(performance.now() - begunAt < LATE_MS ? LOOK_EVERY_MS : LOOK_LATER_MS);
      this.latencyMs.push(performance.now() - begunAt);
      await delay(EVERY_MS);
    }
  }

  async #isShown(id: string): Promise<boolean> {
    return (await this.#watcher.ask.get(this.#watcher.taskPath(id))).status === 200;
  }
}
