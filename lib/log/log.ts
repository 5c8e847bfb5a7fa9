import type { Event, TaskEvent } from "../model/event.ts";

/** The number of an event in its broker's log. The first is 1. With the log's epoch it is the event's only address. */
export type Ordinal = number;

/** Consecutive events as the fold needs them: with their facts, without payloads. */
export interface Batch {
  epoch: string;
  first: Ordinal;
  events: Event[];
}

export interface LogExtent {
  /** New when a log begins anew. */
  epoch: string;
  /** The oldest event that is kept. Equal to `next` when the log is empty. */
  first: Ordinal;
  /** The number that the next event will get. */
  next: Ordinal;
  /** `seenAt` of the oldest event, or null when empty. */
  oldestAt: number | null;
  /** Size in the store, samples left out. */
  bytes: number;
}

export interface Limits {
  maxAgeMs: number;
  maxBytes: number;
  maxTasks: number;
}

/**
 * The history of one broker. Everything is asynchronous, may reject with `unavailable`, and can be called again.
 * Only the holder of the lease may append, seal and trim: others get `fenced`.
 */
export interface Log {
  /** What the store can and cannot do, found by trying: `redis`, or `memory` with the reason. */
  readonly store: { kind: "redis" | "memory"; note: string | null };
  /** How large the log may become if nobody says: a tenth of the store's memory limit, or 512 MiB where it has none. */
  readonly defaultMaxBytes: number;
  extent(): Promise<LogExtent>;

  /** Take or renew the lease for `ttlMs`; false when another replica holds it. */
  lead(ttlMs: number): Promise<boolean>;
  resign(): Promise<void>;

  /**
   * Append events to the tail, in order, each once: a call that failed on the way may be repeated with the same events.
   * Seals the tail into a segment when it is full or old enough. Answers the ordinal of the first, counted back from the last
   * one's: only where a repeated call finds some of its events stored, and others behind them, is there something in between.
   */
  append(events: readonly Event[]): Promise<Ordinal>;
  /** Seal now whatever the tail holds. */
  seal(): Promise<void>;

  /**
   * All batches from an ordinal on, first the history, then live as they are appended, until the signal fires. Begins at
   * the oldest kept event when `from` is gone. A batch of another epoch, or one that does not follow the last, means that
   * the log began anew or lost its end: the reader must start over from that batch.
   */
  follow(from: Ordinal, signal: AbortSignal): AsyncIterable<Batch>;

  /** Whole events with their payloads. Ordinals that are no longer kept are left out. */
  read(ordinals: readonly Ordinal[]): Promise<Map<Ordinal, Event>>;

  /** All events from an ordinal to another, both included, newest first, whole, in blocks: for searching payloads. */
  scan(from: Ordinal, to: Ordinal, signal: AbortSignal): AsyncIterable<{ ordinal: Ordinal; event: Event }[]>;

  /** The ordinal up to which whole segments must go so that the limits hold; `first` when nothing must. */
  trimmable(limits: Limits, now: number): Promise<Ordinal>;
  /** Drop whole segments before an ordinal. Answers the new `first`. */
  trim(before: Ordinal): Promise<Ordinal>;

  /** Events that somebody else put into the inbox, already checked; acknowledged when the next call begins. */
  inbox(signal: AbortSignal): AsyncIterable<Event[]>;

  /** Hands what an operator did to whoever leads. Any replica may. */
  submit(act: TaskEvent): Promise<void>;
  /** What replicas submitted, oldest first; acknowledged when the next call begins. */
  submitted(signal: AbortSignal): AsyncIterable<Event[]>;

  /** Samples have a stream and a budget of their own. */
  appendSample(sample: Sample): Promise<void>;
  samples(fromAt: number): Promise<Sample[]>;

  close(): Promise<void>;
}

/** State of queues, Redis and workers at one moment. */
export interface Sample {
  at: number;
  queues: QueueSample[];
  redis?: RedisSample;
  unacked?: { count: number; oldestAt: number | null };
}

export interface QueueSample {
  name: string;
  /** Waiting messages by priority step, in the order of the steps. */
  byPriority: { priority: number; depth: number }[];
  oldest?: { at: number; from: "sent" | "watched" | "at-least" };
  /** Remaining life of the lists, ms. */
  expiresInMs?: number;
}

export interface RedisSample {
  usedBytes: number;
  maxBytes: number | null;
  policy: string | null;
  clients: number;
  evicted: number;
  version: string;
}
