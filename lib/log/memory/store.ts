import { AppError } from "../../errors.ts";
import type { Log, Ordinal } from "../log.ts";
import { readHead } from "../segment.ts";
import {
  type Entry,
  type Outcome,
  type Reader,
  type SegmentInfo,
  segmentInfo,
  type Store,
  type StoredSample,
  type StoreState,
} from "../store.ts";

const MAX_BYTES = 64 * 1024 * 1024;
const WAIT_MS = 1_000;

/** What a log in this process's memory holds. Gone with the process. */
export class MemoryData {
  epoch: string | null = null;
  next: Ordinal = 1;
  tail: { first: Ordinal; count: number; bytes: Buffer | null }[] = [];
  segments: Entry[] = [];
  samples: StoredSample[] = [];
  sampleCount = 0;
  acts: Buffer[] = [];
  lease: { holder: MemoryStore; until: number } | undefined;
  readonly waiting = new Set<() => void>();

  wake(): void {
    for (const wake of this.waiting) wake();
  }
}

/** A store in the memory of this process: a ring of segments that never takes more than `maxBytes`. */
export class MemoryStore implements Store {
  readonly info: Log["store"];
  readonly defaultMaxBytes: number;
  readonly #data: MemoryData;

  /** @param note why it is not Redis, or null if that was asked for */
  constructor(note: string | null, data = new MemoryData(), maxBytes = MAX_BYTES) {
    this.info = { kind: "memory", note };
    this.defaultMaxBytes = maxBytes;
    this.#data = data;
  }

  async lead(ttlMs: number): Promise<"taken" | "renewed" | "refused"> {
    const data = this.#data;
    const now = performance.now();
    const held = data.lease !== undefined && data.lease.until > now;
    if (held && data.lease?.holder !== this) return "refused";
    data.lease = { holder: this, until: now + ttlMs };
    return held ? "renewed" : "taken";
  }

  async resign(): Promise<void> {
    if (this.#leads()) this.#data.lease = undefined;
  }

  async state(): Promise<StoreState> {
    const { epoch, next, tail, segments } = this.#data;
    const kept = tail.filter(hasBytes);
    const [oldest] = kept;
    const head = oldest === undefined ? undefined : readHead(oldest.bytes);
    return {
      epoch,
      next,
      tail:
        oldest === undefined
          ? null
          : { first: oldest.first, firstSeenAt: head?.ok === true ? head.value.firstSeenAt : 0, size: sizeOf(kept) },
      oldest: segments[0] === undefined ? null : segmentInfo(segments[0], segments[0].bytes, segments[0].bytes.length),
    };
  }

  async tail(): ReturnType<Store["tail"]> {
    return [...this.#data.tail];
  }

  async segmentAt(ordinal: Ordinal): Promise<Entry | undefined> {
    return this.#data.segments.findLast(({ first }) => first <= ordinal);
  }

  async segmentsFrom(ordinal: Ordinal, limit: number): Promise<Entry[]> {
    const { segments } = this.#data;
    const begin = segments.findIndex(({ first }) => first >= ordinal);
    return begin < 0 ? [] : segments.slice(begin, begin + limit);
  }

  async segmentInfos(from: Ordinal, limit: number): Promise<SegmentInfo[]> {
    return (await this.segmentsFrom(from, limit)).map((segment) => segmentInfo(segment, segment.bytes, segment.bytes.length));
  }

  reader(): Reader {
    const closing = new AbortController();
    return {
      state: async () => this.state(),
      tail: async () => this.tail(),
      segmentAt: async (ordinal) => this.segmentAt(ordinal),
      segmentsFrom: async (ordinal, limit) => this.segmentsFrom(ordinal, limit),
      wait: async (ordinal) => {
        const found = () => this.#data.tail.filter(({ first }) => first >= ordinal);
        if (found().length === 0) await this.#change(closing.signal);
        if (closing.signal.aborted) throw new AppError("unavailable", "The reader was closed");
        return found();
      },
      close: () => closing.abort(),
    };
  }

  async addBatch(epoch: string, batch: Entry): Promise<Outcome> {
    if (!this.#leads()) return "fenced";
    const data = this.#data;
    if (data.next !== batch.first) return "elsewhere";
    data.tail.push(copyOf(batch));
    this.#grow(epoch, batch);
    return "done";
  }

  async addSegment(epoch: string, next: Ordinal, segment: Entry): Promise<Outcome> {
    if (!this.#leads()) return "fenced";
    const data = this.#data;
    const last = data.segments.at(-1);
    if (data.next !== next || (last !== undefined && last.first >= segment.first)) return "elsewhere";
    const added = segment.first + segment.count - next;
    data.tail = added > 0 ? [{ first: next, count: added, bytes: null }] : [];
    data.segments.push(copyOf(segment));
    while (sizeOf(data.segments) > this.defaultMaxBytes && data.segments.length > 1) data.segments.shift();
    this.#grow(epoch, segment);
    return "done";
  }

  async dropSegments(before: Ordinal): Promise<"done" | "fenced"> {
    if (!this.#leads()) return "fenced";
    this.#data.segments = this.#data.segments.filter(({ first }) => first >= before);
    return "done";
  }

  async memory(): Promise<null> {
    return null;
  }

  async addSample(sample: Omit<StoredSample, "id"> & { at: number }, oldestAt: number, most: number): Promise<string | null> {
    if (!this.#leads()) return null;
    const data = this.#data;
    const { at, base, bytes } = sample;
    const id = `${at}-${data.sampleCount++}`;
    data.samples.push({ id, base, bytes });
    data.samples = data.samples.filter((one) => timeOf(one) >= oldestAt).slice(-most);
    return id;
  }

  async samples(fromAt: number): Promise<StoredSample[]> {
    return this.#data.samples.filter((one) => timeOf(one) >= fromAt);
  }

  async sample(id: string): Promise<StoredSample | undefined> {
    return this.#data.samples.find((one) => one.id === id);
  }

  /** Nobody else can reach the memory of this process. */
  // oxlint-disable-next-line require-yield
  async *inbox(signal: AbortSignal): AsyncGenerator<string[]> {
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  async addAct(bytes: Buffer): Promise<void> {
    this.#data.acts.push(bytes);
    this.#data.wake();
  }

  async *acts(signal: AbortSignal): AsyncGenerator<Buffer[]> {
    while (!signal.aborted) {
      const acts = [...this.#data.acts];
      if (acts.length === 0) {
        await this.#change(signal);
        continue;
      }
      yield acts;
      this.#data.acts.splice(0, acts.length);
    }
  }

  async close(): Promise<void> {
    await this.resign();
  }

  #leads(): boolean {
    const { lease } = this.#data;
    return lease !== undefined && lease.holder === this && lease.until > performance.now();
  }

  #grow(epoch: string, { first, count }: Entry): void {
    const data = this.#data;
    data.epoch = epoch;
    data.next = first + count;
    data.wake();
  }

  /** Resolves when something was added, after a while, or when the signal fires. */
  async #change(signal: AbortSignal): Promise<void> {
    const { waiting } = this.#data;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        waiting.delete(wake);
        clearTimeout(timer);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const timer = setTimeout(wake, WAIT_MS);
      waiting.add(wake);
      signal.addEventListener("abort", wake, { once: true });
      if (signal.aborted) wake();
    });
  }
}

function hasBytes(entry: { first: Ordinal; count: number; bytes: Buffer | null }): entry is Entry {
  return entry.bytes !== null;
}

/** Without the spare room behind the bytes, which would be kept with them. */
function copyOf({ first, count, bytes }: Entry): Entry {
  return { first, count, bytes: Buffer.from(bytes) };
}

function sizeOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

function timeOf({ id }: StoredSample): number {
  return Number(id.slice(0, id.indexOf("-")));
}
