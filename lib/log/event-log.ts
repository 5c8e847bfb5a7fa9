import { AppError } from "../errors.ts";
import type { Event, TaskEvent } from "../model/event.ts";
import { decodeActs, encodeAct } from "./act.ts";
import { Directory } from "./directory.ts";
import { followLog } from "./follow.ts";
import { inboxEvents } from "./inbox-event.ts";
import type { Batch, Limits, Log, LogExtent, Ordinal, Sample } from "./log.ts";
import { Pressure } from "./pressure.ts";
import { holds } from "./reads.ts";
import { Samples } from "./samples.ts";
import { readWhole, unitsOf } from "./segment.ts";
import type { Entry, Store, StoreState } from "./store.ts";
import { Writer } from "./writer.ts";

/** Segments asked about at once: their heads are taken out inside of the server, which others wait for. */
const HEADS = 32;
/** Segments of one question that are read at the same time. */
const READS_AT_ONCE = 8;

/** The history of one broker over any store. */
export class EventLog implements Log {
  readonly store: Log["store"];
  readonly defaultMaxBytes: number;
  readonly #store: Store;
  readonly #writer: Writer;
  readonly #pressure: Pressure;
  readonly #samples: Samples;
  readonly #directory = new Directory();
  #directoryEpoch: string | null = null;
  readonly #closing = new AbortController();
  #writing: Promise<unknown> = Promise.resolve();
  #refreshing: Promise<StoreState> | undefined;

  constructor(store: Store) {
    this.store = store.info;
    this.defaultMaxBytes = store.defaultMaxBytes;
    this.#store = store;
    this.#writer = new Writer(store);
    this.#pressure = new Pressure(store);
    this.#samples = new Samples(store);
  }

  async lead(ttlMs: number): Promise<boolean> {
    const lease = await this.#store.lead(ttlMs);
    if (lease === "taken") this.#writer.doubt();
    return lease !== "refused";
  }

  async resign(): Promise<void> {
    await this.#store.resign();
    this.#writer.doubt();
  }

  async append(events: readonly Event[]): Promise<Ordinal> {
    return this.#inTurn(async () => {
      const bytes = events.reduce((sum, { payload }) => sum + 100 + (payload === undefined ? 0 : unitsOf(payload)), 0);
      await this.#pressure.admit(bytes, async () => this.#canShrink());
      return this.#writer.append(events);
    });
  }

  async seal(): Promise<void> {
    await this.#inTurn(async () => this.#writer.seal());
  }

  follow(from: Ordinal, signal: AbortSignal): AsyncIterable<Batch> {
    return followLog(this.#store, from, this.#until(signal));
  }

  async extent(): Promise<LogExtent> {
    const { epoch, next, tail } = await this.#refresh();
    const oldest = this.#directory.oldest;
    return {
      epoch: epoch ?? "",
      first: oldest?.first ?? tail?.first ?? next,
      next,
      oldestAt: oldest?.firstSeenAt ?? tail?.firstSeenAt ?? null,
      bytes: this.#directory.bytes + (tail?.size ?? 0),
    };
  }

  async read(ordinals: readonly Ordinal[]): Promise<Map<Ordinal, Event>> {
    const found = new Map<Ordinal, Event>();
    // The tail before the segments: what is sealed in between is found twice rather than not at all.
    const left = ordinals.toSorted((a, b) => a - b);
    if ((left.at(-1) ?? 0) >= this.#directory.end) {
      for (const { first, count, bytes } of await this.#store.tail()) if (bytes !== null) take(found, { first, count, bytes }, left);
    }
    // One question for each segment that is known to hold some; one for each ordinal where none is known.
    const groups = Map.groupBy(
      new Set(left.filter((ordinal) => !found.has(ordinal))),
      (ordinal) => this.#directory.covering(ordinal) ?? ordinal,
    );
    const questions = [...groups.values()];
    for (let at = 0; at < questions.length; at += READS_AT_ONCE) {
      const some = questions.slice(at, at + READS_AT_ONCE);
      await Promise.all(some.map(async (group) => this.#readSegments(found, group)));
    }
    return found;
  }

  async #readSegments(found: Map<Ordinal, Event>, ordinals: readonly Ordinal[]): Promise<void> {
    for (const ordinal of ordinals) {
      if (found.has(ordinal)) continue;
      const segment = await this.#store.segmentAt(ordinal);
      if (segment !== undefined) take(found, segment, ordinals);
    }
  }

  async *scan(from: Ordinal, to: Ordinal, signal: AbortSignal): AsyncGenerator<{ ordinal: Ordinal; event: Event }[]> {
    const batches = await this.#store.tail();
    let before = to + 1;
    for (const { first, count, bytes } of batches.toReversed()) {
      if (bytes !== null && first < before && first + count > from && !signal.aborted) {
        const block = wholeBlock({ first, count, bytes }, from, before);
        before = first;
        if (block.length > 0) yield block;
      }
    }
    while (before > from && !signal.aborted) {
      const segment = await this.#store.segmentAt(before - 1);
      if (segment === undefined || segment.first + segment.count <= from) return;
      const block = wholeBlock(segment, from, before);
      before = segment.first;
      if (block.length > 0) yield block;
    }
  }

  async trimmable(limits: Limits, now: number): Promise<Ordinal> {
    const { tail, next } = await this.#refresh();
    const tailBytes = tail?.size ?? 0;
    const maxBytes = Math.min(limits.maxBytes, this.#directory.bytes + tailBytes - (await this.#pressure.excess()));
    const before = this.#directory.trimmable({ ...limits, maxBytes }, tailBytes, now);
    return before ?? this.#directory.oldest?.first ?? tail?.first ?? next;
  }

  async trim(before: Ordinal): Promise<Ordinal> {
    return this.#inTurn(async () => {
      await this.#refresh();
      // A segment that holds the ordinal in its middle stays.
      const boundary = this.#directory.covering(before)?.first ?? before;
      if ((await this.#store.dropSegments(boundary)) === "fenced") throw new AppError("fenced", "Another replica leads");
      const { first } = await this.extent();
      return first;
    });
  }

  async *inbox(signal: AbortSignal): AsyncGenerator<Event[]> {
    for await (const texts of this.#store.inbox(this.#until(signal))) {
      const events = inboxEvents(texts, Date.now());
      if (events.length > 0) yield events;
    }
  }

  async submit(act: TaskEvent): Promise<void> {
    await this.#store.addAct(encodeAct(act));
  }

  async *submitted(signal: AbortSignal): AsyncGenerator<Event[]> {
    for await (const acts of this.#store.acts(this.#until(signal))) yield decodeActs(acts, Date.now());
  }

  async appendSample(sample: Sample): Promise<void> {
    await this.#samples.append(sample);
  }

  async samples(fromAt: number): Promise<Sample[]> {
    return this.#samples.from(fromAt);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#store.close();
  }

  /** The signal of a reader, which must not wait for a store that was closed. */
  #until(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#closing.signal]);
  }

  async #canShrink(): Promise<boolean> {
    await this.#refresh();
    return this.#directory.oldest !== undefined;
  }

  /** Brings the directory up to date. One at a time: those who ask meanwhile share the answer. */
  async #refresh(): Promise<StoreState> {
    this.#refreshing ??= this.#readHeads().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #readHeads(): Promise<StoreState> {
    const state = await this.#store.state();
    const directory = this.#directory;
    if (state.epoch !== this.#directoryEpoch || state.next < directory.end) directory.clear();
    this.#directoryEpoch = state.epoch;
    directory.dropBefore(state.oldest?.first ?? Infinity);
    for (;;) {
      const infos = await this.#store.segmentInfos(directory.end, HEADS);
      directory.add(infos);
      if (infos.length < HEADS) return state;
    }
  }

  /** Writes of one replica follow each other: two at once would each believe to begin where the log ends. */
  async #inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const mine = this.#writing.then(act);
    this.#writing = mine.catch(() => undefined);
    return mine;
  }
}

/** Adds those of the ordinals that an entry holds. What cannot be read counts as not kept. */
function take(found: Map<Ordinal, Event>, entry: Entry, ordinals: readonly Ordinal[]): void {
  const wanted = ordinals.filter((ordinal) => holds(entry, ordinal));
  if (wanted.length === 0) return;
  const whole = readWhole(
    entry.bytes,
    wanted.map((ordinal) => ordinal - entry.first),
  );
  if (whole.ok) for (const { place, event } of whole.value.events) found.set(entry.first + place, event);
}

/** The events of an entry from an ordinal up to before another, newest first. */
function wholeBlock(entry: Entry, from: Ordinal, before: Ordinal): { ordinal: Ordinal; event: Event }[] {
  const whole = readWhole(entry.bytes);
  if (!whole.ok) return [];
  return whole.value.events
    .map(({ place, event }) => ({ ordinal: entry.first + place, event }))
    .filter(({ ordinal }) => ordinal >= from && ordinal < before)
    .toReversed();
}
