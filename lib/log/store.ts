import type { Log, Ordinal } from "./log.ts";
import { type Head, readHead } from "./segment.ts";

// What a driver provides. Everything that has to do with events is above it: a store keeps bytes under ordinals.

/** Consecutive events as they lie in the store: a raw batch of the tail, or a packed segment of the log. */
export interface Entry {
  first: Ordinal;
  count: number;
  bytes: Buffer;
}

/** What is known of a segment without reading it. */
export interface SegmentInfo extends Pick<Head, "first" | "count" | "tasks" | "firstSeenAt" | "lastSeenAt"> {
  /** Bytes that it takes in the store. */
  size: number;
}

export interface StoreState {
  /** Null when nothing was ever written, or nothing that tells. */
  epoch: string | null;
  next: Ordinal;
  tail: { first: Ordinal; firstSeenAt: number; size: number } | null;
  oldest: SegmentInfo | null;
}

export interface Reads {
  state(): Promise<StoreState>;
  /** The batches of the tail. `bytes` is null where the events went straight into a segment. */
  tail(): Promise<(Omit<Entry, "bytes"> & { bytes: Buffer | null })[]>;
  /** The newest segment that begins at an ordinal or before it: the only one that can hold it. */
  segmentAt(ordinal: Ordinal): Promise<Entry | undefined>;
  /** Segments that begin at an ordinal or after it, oldest first. */
  segmentsFrom(ordinal: Ordinal, limit: number): Promise<Entry[]>;
}

/** Reads on a connection of its own, because it waits there. */
export interface Reader extends Reads {
  /** What the tail got that begins at an ordinal or after it; waits for about a second, then answers none. */
  wait(ordinal: Ordinal): ReturnType<Reads["tail"]>;
  /** A call under way rejects. */
  close(): void;
}

/** `fenced`: somebody else holds the lease. `elsewhere`: the log does not end where the caller thinks. */
export type Outcome = "done" | "fenced" | "elsewhere";

/** A sample, and the earlier one that it needs to be read. Its id is about the time that it is of. */
export interface StoredSample {
  id: string;
  base: string | null;
  bytes: Buffer;
}

export interface Store extends Reads {
  readonly info: Log["store"];
  readonly defaultMaxBytes: number;
  /** Take the lease or renew it. */
  lead(ttlMs: number): Promise<"taken" | "renewed" | "refused">;
  resign(): Promise<void>;

  /** Segments from an ordinal on, without their contents. */
  segmentInfos(from: Ordinal, limit: number): Promise<SegmentInfo[]>;
  reader(): Reader;

  /** Adds to the tail a batch that begins where the log ends. */
  addBatch(epoch: string, batch: Entry): Promise<Outcome>;
  /**
   * Adds a segment and empties the tail. It holds what the tail holds, which ends at `next`, and whatever else it holds beyond
   * that is new: the tail gets an entry without bytes that points to it.
   */
  addSegment(epoch: string, next: Ordinal, segment: Entry): Promise<Outcome>;
  /** Drops all segments that begin before an ordinal. Works when memory is full. */
  dropSegments(before: Ordinal): Promise<Exclude<Outcome, "elsewhere">>;

  /** How full the server is, or null if it has no limit or does not tell. */
  memory(): Promise<{ usedBytes: number; maxBytes: number } | null>;

  /** Adds a sample and drops those before `oldestAt`, and beyond the newest `most`. Answers its id, or null when fenced. */
  addSample(sample: Omit<StoredSample, "id"> & { at: number }, oldestAt: number, most: number): Promise<string | null>;
  samples(fromAt: number): Promise<StoredSample[]>;
  sample(id: string): Promise<StoredSample | undefined>;

  /** Texts that others put into the inbox; acknowledged when the next ones are asked for. */
  inbox(signal: AbortSignal): AsyncIterable<string[]>;

  /** Keeps an act for whoever leads. Any replica may. */
  addAct(bytes: Buffer): Promise<void>;
  /** Acts that were kept, oldest first; acknowledged when the next ones are asked for. */
  acts(signal: AbortSignal): AsyncIterable<Buffer[]>;
  close(): Promise<void>;
}

/** @param head the segment, or its first `HEAD_BYTES` */
export function segmentInfo(place: { first: Ordinal; count: number }, head: Buffer, size: number): SegmentInfo {
  const read = readHead(head);
  if (read.ok) {
    const { tasks, firstSeenAt, lastSeenAt } = read.value;
    return { first: place.first, count: place.count, tasks, firstSeenAt, lastSeenAt, size };
  }
  // What a newer version wrote is kept for it as long as there is room; what is damaged goes when its turn comes.
  const at = read.problem === "newer" ? Infinity : 0;
  return { first: place.first, count: place.count, tasks: 0, firstSeenAt: 0, lastSeenAt: at, size };
}
