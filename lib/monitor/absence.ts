import type { Log } from "../log/log.ts";
import type { LogEvent } from "../model/event.ts";
import type { View } from "../view/view.ts";

/** Signs of a leader come every two seconds: a shorter absence cannot be told from none. */
const SHORTEST_MS = 3_000;
/** Further back nobody looks for the sample that a leader took last. */
const SAMPLES_MS = 3_600_000;

/**
 * The time in which nobody listened: from the last sign of whoever led before until this process heard the broker. What
 * happened in it is learned from results and queues, not from events, which the charts must not hide.
 */
export class Absence {
  #arrivedAt: number | undefined;
  #from: number | undefined;
  #isTold = false;

  /** Called now and then from the beginning on: only the first connection counts. */
  arrive({ connected, since }: { connected: boolean; since: number }): void {
    if (connected) this.#arrivedAt ??= since;
  }

  /** Called when this process begins to lead, before it writes anything: only the first time counts. */
  async measure(log: Log, view: View): Promise<void> {
    if (this.#from !== undefined) return;
    const { seenAt } = view.extent;
    const last = (await log.samples(Date.now() - SAMPLES_MS)).at(-1);
    this.#from = Math.max(seenAt ?? 0, last?.at ?? 0);
  }

  /** The gap as an event, once it can be told, and once only. */
  take(now: number): LogEvent[] {
    if (this.#isTold || this.#from === undefined || this.#arrivedAt === undefined) return [];
    this.#isTold = true;
    if (this.#from === 0 || this.#arrivedAt - this.#from < SHORTEST_MS) return [];
    const details = JSON.stringify({ where: "events", reason: "Perennial was not running" });
    return [{ type: "log.gap", at: this.#arrivedAt, seenAt: now, source: "leader", fromAt: this.#from, details }];
  }
}
