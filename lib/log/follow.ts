import { setTimeout as delay } from "node:timers/promises";
import { type Identity, identityOf } from "./identity.ts";
import type { Batch, Ordinal } from "./log.ts";
import { factsBetween, holds } from "./reads.ts";
import { readFacts } from "./segment.ts";
import type { Reader, Store } from "./store.ts";
import { standIns } from "./unreadable.ts";

/** Segments of one answer: enough to hide the way there and back, few enough to let others have their turn. */
const SEGMENTS = 16;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

type Found = Awaited<ReturnType<Reader["tail"]>>[number];

/**
 * Reads a log from an ordinal on until the signal fires, on a connection of its own: segments first, then the tail as it grows.
 * It comes back by itself after a lost connection, and makes sure then that the log still holds what it has read. Rejects with
 * `unavailable` only when a newer version writes the log.
 */
export async function* followLog(store: Pick<Store, "reader">, from: Ordinal, signal: AbortSignal): AsyncGenerator<Batch> {
  const reader = store.reader();
  const close = (): void => reader.close();
  signal.addEventListener("abort", close, { once: true });
  try {
    const follower = new Follower(reader, from);
    let pauseMs = FIRST_PAUSE_MS;
    while (!isAborted(signal)) {
      let found: Found[];
      try {
        found = await follower.find();
        pauseMs = FIRST_PAUSE_MS;
      } catch {
        if (isAborted(signal)) return;
        follower.doubt();
        await delay(pauseMs * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
        continue;
      }
      for (const entry of found) {
        const batch = follower.take(entry);
        if (batch !== undefined) yield batch;
        if (isAborted(signal)) return;
      }
    }
  } finally {
    signal.removeEventListener("abort", close);
    reader.close();
  }
}

/** A function, because the compiler believes that a property keeps the value that it once had. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

class Follower {
  readonly #reader: Reader;
  #next: Ordinal;
  #epoch: string | undefined;
  /** What the store said last. */
  #storeEpoch: string | null = null;
  /** The event before `next`, if it could be read. */
  #last: Identity | undefined;
  /** `doubt`: is what was read still there? `history`: look for `next` in the segments. `live`: wait for the tail to grow. */
  #phase: "doubt" | "history" | "live" = "doubt";
  /** What was found comes from elsewhere than where we now are. */
  #stale = false;
  /** Looked for and not found once: it may just have moved from the tail into a segment. */
  #missing: Ordinal | undefined;

  constructor(reader: Reader, from: Ordinal) {
    this.#reader = reader;
    this.#next = from;
  }

  doubt(): void {
    this.#phase = "doubt";
  }

  /** What comes next; nothing when there is nothing yet. */
  async find(): Promise<Found[]> {
    this.#stale = false;
    switch (this.#phase) {
      case "doubt":
        await this.#verify();
        return [];
      case "history":
        return this.#findHistory();
      case "live": {
        const found = await this.#reader.wait(this.#next);
        if (found.length === 0) await this.#verifyEnd();
        return found;
      }
    }
  }

  /** The part of what was found that is new to the reader. */
  take({ first, count, bytes }: Found): Batch | undefined {
    if (this.#stale || first + count <= this.#next) return undefined;
    if (bytes === null || (first > this.#next && this.#phase === "live")) {
      this.#phase = "history";
      this.#stale = true;
      return undefined;
    }
    const facts = readFacts(bytes);
    const epoch = facts.ok ? facts.value.head.epoch : (this.#epoch ?? this.#storeEpoch ?? "");
    if (this.#epoch !== undefined && epoch !== this.#epoch) {
      this.#startOver();
      return undefined;
    }
    const all = facts.ok ? facts.value.events : standIns(facts, { first, count });
    const begin = Math.max(first, this.#next);
    const events = first < begin ? all.slice(begin - first) : all;
    const last = events.at(-1);
    this.#epoch = epoch;
    this.#next = first + count;
    this.#last = facts.ok && last !== undefined ? identityOf(last) : undefined;
    return { epoch, first: begin, events };
  }

  async #findHistory(): Promise<Found[]> {
    const covering = await this.#reader.segmentAt(this.#next);
    if (covering !== undefined && holds(covering, this.#next)) return [covering];
    const segments = await this.#reader.segmentsFrom(this.#next, SEGMENTS);
    if (segments.length > 0) return segments;

    const batches = (await this.#reader.tail()).filter(({ first, count }) => first + count > this.#next);
    const [oldest] = batches;
    if (oldest === undefined || (oldest.bytes !== null && oldest.first <= this.#next)) {
      this.#phase = "live";
    } else if (this.#missing === this.#next) {
      this.#next = oldest.bytes === null ? oldest.first + oldest.count : oldest.first;
    } else {
      this.#missing = this.#next;
    }
    return this.#phase === "live" ? batches : [];
  }

  /** The connection was lost, and with it perhaps the server: another one may not have received all that this one told. */
  async #verify(): Promise<void> {
    await this.#verifyEnd();
    if (this.#last !== undefined) {
      const [event] = await factsBetween(this.#reader, this.#next - 1, this.#next);
      if (event !== undefined && identityOf(event) !== this.#last) this.#startOver();
    }
    this.#phase = "history";
  }

  async #verifyEnd(): Promise<void> {
    const { epoch, next } = await this.#reader.state();
    this.#storeEpoch = epoch;
    const isAnother = this.#epoch !== undefined && epoch !== null && epoch !== this.#epoch;
    if (isAnother || next < this.#next) this.#startOver();
  }

  /** From the oldest event that there is. */
  #startOver(): void {
    this.#next = 0;
    this.#epoch = undefined;
    this.#last = undefined;
    this.#phase = "history";
    this.#stale = true;
  }
}
