import { randomBytes } from "node:crypto";
import { AppError } from "../errors.ts";
import type { Event, LogEvent } from "../model/event.ts";
import { withCutPayload } from "./cut.ts";
import { identityOf } from "./identity.ts";
import type { Ordinal } from "./log.ts";
import { factsBetween, factsOf, holds } from "./reads.ts";
import { encodeSegment, readWhole, unitsOf } from "./segment.ts";
import type { Entry, Outcome, Store } from "./store.ts";
import { standIns } from "./unreadable.ts";

const SEGMENT_EVENTS = 1_000;
const SEGMENT_UNITS = 256 * 1024;
const SEAL_MS = 60_000;
/** What an event takes besides its payload, about. */
const EVENT_UNITS = 48;
/** What was written last is kept, for a failover to a replica that has not received it. */
const RECENT_BYTES = 8 * 1024 * 1024;
const ATTEMPTS = 3;

interface End {
  epoch: string;
  next: Ordinal;
}

/**
 * Appends for the leader. Knows where the log ends and holds the events of the tail, which become the next segment; after any
 * doubt (a lost reply, a lease taken anew) it asks the store again. Calls must not overlap.
 */
export class Writer {
  readonly #store: Store;
  /** Undefined: ask the store before the next write. */
  #end: End | undefined;
  #held: Event[] = [];
  #heldUnits = 0;
  /** Where the log ended when we last wrote, and what we wrote up to there. */
  #written: End | undefined;
  #recent: { kind: "batch" | "segment"; entry: Entry }[] = [];
  #recentBytes = 0;
  #lost = 0;
  /** Events of calls that failed, with the ordinals that they have if they were stored nevertheless. */
  readonly #doubtful = new WeakMap<Event, Ordinal>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Somebody else may have written. */
  doubt(): void {
    this.#end = undefined;
  }

  async append(events: readonly Event[]): Promise<Ordinal> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const first = await this.#tryAppend(events);
      if (first !== undefined) return first;
    }
    throw new AppError("unavailable", "The log in the store changes while nobody but this replica may write to it");
  }

  async seal(): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const { next } = await this.#open();
      if (this.#held.length === 0 || (await this.#writeSegment([], next)) === "done") return;
    }
  }

  /** Undefined when the log turned out to end elsewhere: to be tried again. */
  async #tryAppend(events: readonly Event[]): Promise<Ordinal | undefined> {
    await this.#open();
    if (this.#lost > 0) {
      if ((await this.#write([gapOf(this.#lost)])) !== "done") return undefined;
      this.#lost = 0;
    }
    const { next } = await this.#open();
    const stored = await this.#storedOf(events, next);
    const first = stored.first ?? next;
    try {
      for (let at = stored.count; at < events.length;) {
        const chunk = this.#chunk(events, at);
        if ((await this.#write(chunk)) !== "done") {
          this.#distrust(events, first);
          return undefined;
        }
        at += chunk.length;
      }
    } catch (error) {
      this.#distrust(events, first);
      throw error;
    }
    for (const event of events) this.#doubtful.delete(event);
    // Not where the log is said to end now: asking could fail, and these events are stored.
    return stored.count === events.length ? first : (this.#written?.next ?? first + events.length) - events.length;
  }

  #distrust(events: readonly Event[], first: Ordinal): void {
    for (const [i, event] of events.entries()) this.#doubtful.set(event, first + i);
  }

  /** How many of these events an earlier call stored, although it failed, and the ordinal of the first. */
  async #storedOf(events: readonly Event[], next: Ordinal): Promise<{ first?: Ordinal; count: number }> {
    const first = events[0] === undefined ? undefined : this.#doubtful.get(events[0]);
    if (first === undefined || first >= next) return { count: 0 };
    const there = await factsBetween(this.#store, first, Math.min(next, first + events.length));
    const differs = there.findIndex((event, i) => {
      const ours = events[i];
      return ours === undefined || identityOf(event) !== identityOf(ours);
    });
    const count = differs < 0 ? there.length : differs;
    return count === 0 ? { count } : { first, count };
  }

  /** As many of the events as fit into the segment that the tail will become. At least one. */
  #chunk(events: readonly Event[], from: number): Event[] {
    const chunk: Event[] = [];
    let units = this.#heldUnits;
    for (let at = from; at < events.length; at++) {
      const event = events[at];
      if (event === undefined) break;
      chunk.push(withCutPayload(event));
      units += sizeOf(event);
      if (this.#held.length + chunk.length >= SEGMENT_EVENTS || units >= SEGMENT_UNITS) break;
    }
    return chunk;
  }

  async #write(chunk: Event[]): Promise<Outcome> {
    const { next } = await this.#open();
    const units = chunk.reduce((sum, event) => sum + sizeOf(event), this.#heldUnits);
    const oldestAt = this.#held[0]?.seenAt ?? Infinity;
    const full = this.#held.length + chunk.length >= SEGMENT_EVENTS || units >= SEGMENT_UNITS || Date.now() - oldestAt >= SEAL_MS;
    return full ? this.#writeSegment(chunk, next) : this.#writeBatch(chunk, units, next);
  }

  async #writeBatch(chunk: Event[], units: number, next: Ordinal): Promise<Outcome> {
    const outcome = await this.#add("batch", next, chunk, next);
    if (outcome === "done") {
      this.#held.push(...chunk);
      this.#heldUnits = units;
    }
    return outcome;
  }

  async #writeSegment(chunk: Event[], next: Ordinal): Promise<Outcome> {
    const outcome = await this.#add("segment", next - this.#held.length, [...this.#held, ...chunk], next);
    if (outcome === "done") {
      this.#held = [];
      this.#heldUnits = 0;
    }
    return outcome;
  }

  async #add(kind: "batch" | "segment", first: Ordinal, events: Event[], next: Ordinal): Promise<Outcome> {
    const end = await this.#open();
    const form = kind === "batch" ? "raw" : "packed";
    const entry: Entry = { first, count: events.length, bytes: encodeSegment({ epoch: end.epoch, first }, events, form) };
    let outcome: Outcome;
    try {
      outcome = kind === "batch" ? await this.#store.addBatch(end.epoch, entry) : await this.#store.addSegment(end.epoch, next, entry);
    } catch (error) {
      this.#end = undefined;
      throw error;
    }
    if (outcome !== "done") this.#end = undefined;
    if (outcome === "fenced") throw new AppError("fenced", "Another replica leads");
    if (outcome === "done") {
      this.#end = { epoch: end.epoch, next: first + events.length };
      this.#written = this.#end;
      this.#remember(kind, entry);
    }
    return outcome;
  }

  #remember(kind: "batch" | "segment", entry: Entry): void {
    this.#recent.push({ kind, entry });
    this.#recentBytes += entry.bytes.length;
    while (this.#recentBytes > RECENT_BYTES && this.#recent.length > 1) this.#recentBytes -= this.#recent.shift()?.entry.bytes.length ?? 0;
  }

  async #open(): Promise<End> {
    if (this.#end !== undefined) return this.#end;
    let state = await this.#store.state();
    const written = this.#written;
    if (written !== undefined && state.epoch === written.epoch && state.next < written.next) {
      if (await this.#rewrite(written.epoch, state.next)) state = await this.#store.state();
      if (state.next < written.next) this.#lost += written.next - state.next;
    }
    if (state.epoch === null || state.epoch !== written?.epoch || state.next < written.next) {
      this.#recent = [];
      this.#recentBytes = 0;
    }
    const held = await this.#readTail(state.next);
    this.#held = held;
    this.#heldUnits = held.reduce((sum, event) => sum + sizeOf(event), 0);
    this.#end = { epoch: state.epoch ?? randomBytes(6).toString("base64url"), next: state.next };
    this.#written = this.#end;
    return this.#end;
  }

  /** The events of the tail, as far as they lead up to the end of the log without a break. */
  async #readTail(next: Ordinal): Promise<Event[]> {
    const held: Event[] = [];
    for (const { first, count, bytes } of (await this.#store.tail()).toReversed()) {
      if (bytes === null || first + count !== next - held.length) break;
      const whole = readWhole(bytes);
      held.unshift(...(whole.ok ? whole.value.events.map(({ event }) => event) : standIns(whole, { first, count })));
    }
    return held;
  }

  /**
   * The store lost its newest entries: a replica that had not received them was promoted. If what it has is the beginning of
   * what we wrote, the rest is written again, byte for byte, so that every ordinal keeps its event.
   */
  async #rewrite(epoch: string, next: Ordinal): Promise<boolean> {
    const last = this.#recent.find(({ entry }) => holds(entry, next - 1))?.entry;
    const [there] = await factsBetween(this.#store, next - 1, next);
    const ours = last === undefined ? undefined : factsOf(last)[next - 1 - last.first];
    if (there === undefined || ours === undefined || identityOf(there) !== identityOf(ours)) return false;
    let end = next;
    for (const { kind, entry } of this.#recent) {
      const entryEnd = entry.first + entry.count;
      if (entryEnd < end || (entryEnd === end && kind === "batch") || entry.first > end) continue;
      if (kind === "batch" && entry.first !== end) continue;
      const outcome = kind === "batch" ? await this.#store.addBatch(epoch, entry) : await this.#store.addSegment(epoch, end, entry);
      if (outcome === "fenced") throw new AppError("fenced", "Another replica leads");
      if (outcome === "done") end = Math.max(end, entryEnd);
    }
    return true;
  }
}

function sizeOf({ payload }: Event): number {
  return EVENT_UNITS + (payload === undefined ? 0 : unitsOf(payload));
}

function gapOf(count: number): LogEvent {
  const now = Date.now();
  return {
    type: "log.gap",
    at: now,
    seenAt: now,
    source: "leader",
    count,
    details: JSON.stringify({ where: "log", reason: "the store came back without its newest events" }),
  };
}
