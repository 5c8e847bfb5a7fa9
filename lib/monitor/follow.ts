import { setImmediate as turn } from "node:timers/promises";
import type { Log, Ordinal } from "../log/log.ts";
import { identityOf, type RecentIdentities } from "../log/identity.ts";
import type { View } from "../view/view.ts";
import type { Duty } from "./duty.ts";

/** Events applied between two turns of the event loop. */
const SLICE = 1_000;

/** How far this replica's view has followed the log. */
export class Position {
  epoch = "";
  /** The next ordinal that the view expects. */
  next: Ordinal = 0;
  /** Where the log ended when we last asked: what `next` has to reach to be caught up. Undefined until we have asked. */
  goal: Ordinal | undefined;
  /** When the newest applied event was heard by the leader, and how long after that the view had it. */
  lagMs: number | null = null;
  #waiting: { ordinal: Ordinal; resolve: () => void }[] = [];

  get caughtUp(): boolean {
    return this.goal !== undefined && this.next >= this.goal;
  }

  /** Resolves when the view shows the event of this ordinal. */
  async reached(ordinal: Ordinal): Promise<void> {
    if (this.next > ordinal) return;
    await new Promise<void>((resolve) => this.#waiting.push({ ordinal, resolve }));
  }

  moveTo(next: Ordinal): void {
    this.next = next;
    if (this.#waiting.length === 0) return;
    const due = this.#waiting.filter((one) => one.ordinal < next);
    this.#waiting = this.#waiting.filter((one) => one.ordinal >= next);
    for (const one of due) one.resolve();
  }
}

/** Reads the log from where the view is and applies it, for ever. */
export function follow(log: Log, view: View, position: Position, identities: RecentIdentities): Duty {
  return {
    name: "follow",
    async run(signal) {
      const extent = await log.extent();
      position.goal = extent.next;
      if (position.epoch === "") {
        position.epoch = extent.epoch;
        position.moveTo(extent.first);
      }
      for await (const batch of log.follow(position.next, signal)) {
        if (position.epoch === "") position.epoch = batch.epoch;
        if (batch.epoch !== position.epoch || batch.first !== position.next) {
          // The log began anew, or lost its end with a failover: what the view shows is not what the log says.
          view.reset();
          position.epoch = "";
          return;
        }
        for (let at = 0; at < batch.events.length; at += SLICE) {
          for (const [i, event] of batch.events.slice(at, at + SLICE).entries()) {
            const ordinal = batch.first + at + i;
            // Of a long history only the end is remembered, and to identify an event costs half as much as to apply it.
            if (ordinal >= (position.goal ?? 0) - identities.capacity) identities.add(identityOf(event));
            view.apply(event, ordinal);
          }
          position.moveTo(batch.first + Math.min(at + SLICE, batch.events.length));
          if (!position.caughtUp || batch.events.length > SLICE) await turn();
        }
        const last = batch.events.at(-1);
        if (last !== undefined && position.caughtUp) position.lagMs = Math.max(0, Date.now() - last.seenAt);
      }
    },
  };
}
