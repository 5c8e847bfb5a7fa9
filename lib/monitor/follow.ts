import { setImmediate as turn } from "node:timers/promises";
import { reasonOf } from "../errors.ts";
import { type Identity, identitiesOf, type RecentIdentities } from "../log/identity.ts";
import type { Batch, Log, LogExtent, Ordinal } from "../log/log.ts";
import type { Event } from "../model/event.ts";
import type { Remembered } from "../view/remembered.ts";
import { logDataOf, type View } from "../view/view.ts";
import { orAborted, type Duty } from "./duty.ts";

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
  /** The history is being read for the first time. Later the view is always a little behind, which `lagMs` tells. */
  isReplaying = true;
  /** Why the log cannot be followed, or null. */
  problem: string | null = null;
  readonly #awaited = new Map<Identity, Set<() => void>>();

  get caughtUp(): boolean {
    return this.goal !== undefined && this.next >= this.goal;
  }

  begin({ epoch, first }: Pick<LogExtent, "epoch" | "first">): void {
    this.epoch = epoch;
    this.next = first;
    this.goal = undefined;
    this.isReplaying = true;
  }

  moveTo(next: Ordinal): void {
    this.next = next;
    this.#arrive();
  }

  /** The log was asked how far it goes. */
  sees({ epoch, next }: LogExtent): void {
    if (epoch === this.epoch) this.goal = next;
    // It is gone, so there is nothing to catch up with. Where another took its place, who follows will notice and begin anew.
    else this.goal = epoch === "" ? this.next : undefined;
    this.#arrive();
  }

  /** Resolves when the view shows this very event; false when the signal fires before. */
  async shows(identity: Identity, signal: AbortSignal): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let isShown = false;
    const show = (): void => {
      isShown = true;
      resolve();
    };
    const those = this.#awaited.get(identity) ?? new Set();
    this.#awaited.set(identity, those.add(show));
    await orAborted(promise, signal);
    those.delete(show);
    if (those.size === 0) this.#awaited.delete(identity);
    return isShown;
  }

  #arrive(): void {
    if (!this.caughtUp) return;
    this.isReplaying = false;
    this.problem = null;
  }

  /** The view shows this event. */
  shown(identity: Identity): void {
    for (const show of this.#awaited.get(identity) ?? []) show();
  }
}

/** What was known of logs that are gone, as long as nobody has written it into the one that took their place. */
export class LostLogs {
  #remembered: Remembered[] = [];

  get isEmpty(): boolean {
    return this.#remembered.length === 0;
  }

  /** The first of which something is still to be told. */
  get untold(): Remembered | undefined {
    return this.#remembered.find((one) => !one.isTold);
  }

  /** What was told of earlier ones may be gone with this one. */
  add(remembered: Remembered): void {
    for (const one of this.#remembered) one.rewind();
    if (!remembered.isTold) this.#remembered.push(remembered);
  }

  clear(): void {
    this.#remembered = [];
  }
}

/** In `LogData`: the gap that stands behind everything that could be written again of a log that is gone. */
export const HISTORY = "history";

export interface FollowContext {
  log: Log;
  view: View;
  position: Position;
  identities: RecentIdentities;
  lost: LostLogs;
}

/** Reads the log from where the view is and applies it, for ever. */
export function follow(context: FollowContext): Duty {
  const { log, position } = context;
  return {
    name: "follow",
    async run(signal) {
      try {
        while (!signal.aborted) {
          const extent = await log.extent();
          if (position.epoch === "") position.begin(extent);
          position.sees(extent);
          await read(context, signal);
        }
      } catch (error) {
        position.problem = reasonOf(error);
        throw error;
      }
    },
  };
}

/** Applies what the log says until it turns out to be another one than the view shows, or the signal fires. */
async function read(context: FollowContext, signal: AbortSignal): Promise<void> {
  const { log, view, position, identities, lost } = context;
  for await (const batch of log.follow(position.next, signal)) {
    if (position.epoch === "") position.epoch = batch.epoch;
    if (batch.epoch === position.epoch && batch.first === position.next) {
      await apply(batch, context);
      continue;
    }
    // The log began anew, or lost its end with a failover: what the view shows is not what the log says.
    const remembered = view.reset();
    if (batch.epoch !== position.epoch) lost.add(remembered);
    identities.clear();
    position.begin({ epoch: "", first: 0 });
    return;
  }
}

async function apply(batch: Batch, { view, position, identities, lost }: FollowContext): Promise<void> {
  for (let at = 0; at < batch.events.length; at += SLICE) {
    for (const [i, event] of batch.events.slice(at, at + SLICE).entries()) {
      const ordinal = batch.first + at + i;
      view.apply(event, ordinal);
      if (!lost.isEmpty && isRewritten(event)) lost.clear();
      // Of a long history only the end is remembered, and to identify an event costs half as much as to apply it.
      if (ordinal < (position.goal ?? 0) - identities.capacity) continue;
      for (const identity of identitiesOf(event)) {
        identities.add(identity);
        position.shown(identity);
      }
    }
    position.moveTo(batch.first + Math.min(at + SLICE, batch.events.length));
    if (!position.caughtUp || batch.events.length > SLICE) await turn();
  }
  const last = batch.events.at(-1);
  if (last !== undefined && position.caughtUp) position.lagMs = Math.max(0, Date.now() - last.seenAt);
}

function isRewritten(event: Event): boolean {
  return event.type === "log.gap" && logDataOf(event.details).where === HISTORY;
}
