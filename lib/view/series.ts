import type { SERIES_DIMENSIONS, Series as SeriesAnswer, SeriesPoint } from "../contract/series.ts";
import { retriesOf } from "../model/event.ts";
import { Kind, KINDS, Marks } from "./marks.ts";
import { binOf } from "./histogram.ts";
import { CountCells, namedCounts, NO_BIN, Rollup, Sum, type Bins, type Counts } from "./rollup.ts";
import { OTHER } from "./words.ts";

export type Dimension = (typeof SERIES_DIMENSIONS)[number];

export interface SeriesSpan {
  /** Epoch ms. */
  from: number;
  to: number;
  by: Dimension;
  /** The one name, queue or worker; `OTHER` for all beyond the bound. Nothing when `by` is `all`. */
  key?: string;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const MOST_POINTS = 360;
const WIDTHS = [
  10 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
];

/** Stands for a bucket that is kept no more. */
const GONE = -1;

const NOTHING = new Marks();

type Tracks = readonly (Track | undefined)[];

/** The counts of one key: a ring for each rollup, made when first needed, and totals since the view began. */
interface Track {
  rings: (Uint32Array | undefined)[];
  totals: Float64Array;
}

/**
 * Rates and latencies over time: 10 s for an hour, 1 min for a day, 10 min for 30 days, all fed from the same changes of
 * tasks. Each dimension has its first keys, up to a bound, and `OTHER`.
 */
export class Series {
  readonly #cells = new CountCells();
  readonly #rollups = [
    new Rollup(this.#cells, 10 * SECOND, HOUR),
    new Rollup(this.#cells, MINUTE, DAY),
    new Rollup(this.#cells, 10 * MINUTE, 30 * DAY),
  ] as const;
  readonly #all = newTrack();
  readonly #tracks: Record<Exclude<Dimension, "all">, Map<string, Track>> = { name: new Map(), queue: new Map(), worker: new Map() };
  readonly #maxKeys: number;
  readonly #from: (Track | undefined)[] = [];
  readonly #summed = new Sum();
  readonly #to: (Track | undefined)[] = [];
  /** Of the moment that is being counted, in each rollup. */
  readonly #buckets = [GONE, GONE, GONE];
  readonly #places = [0, 0, 0];
  #late = 0;

  constructor(maxKeys = 200) {
    this.#maxKeys = maxKeys;
  }

  /** What happened longer ago than anything that is kept. It is in the totals, but in no bucket. */
  get late(): number {
    return this.#late;
  }

  get bytes(): number {
    return this.#cells.bytes;
  }

  /** The leader's clock has come so far, epoch ms. */
  advance(seenAt: number): void {
    for (const rollup of this.#rollups) rollup.advance(seenAt);
  }

  /** A task has changed: what it contributed before gives way to what it contributes now. */
  move(before: Marks | undefined, after: Marks): void {
    const to = this.#readTracks(after, this.#to);
    if (before === undefined) {
      this.#moveAll(NOTHING, [], after, to);
      return;
    }
    const from = haveSameKeys(before, after) ? to : this.#readTracks(before, this.#from);
    this.#moveAll(standingOf(before, after), from, after, to);
    const retries = unseenRetriesOf(before, after);
    if (retries > 0 && this.#place(after.lastAt)) for (const track of from) this.#count(track, Kind.RETRIED, retries);
  }

  /** Points of one width, at most 360, oldest first, empty ones included; the widest that is kept where a finer one is gone. */
  read(span: SeriesSpan): SeriesAnswer {
    const rollup = this.#rollupFor(span.from);
    const bucketMs = widthFor(span.to - span.from, rollup.bucketMs);
    const end = Math.ceil(span.to / bucketMs) * bucketMs;
    const count = Math.max(0, Math.ceil((span.to - span.from) / bucketMs));
    const track = this.#find(span);
    const points = Array.from({ length: count }, (_, point) => {
      const at = end - (count - point) * bucketMs;
      return pointOf(at, this.#sum(track, rollup, at, at + bucketMs));
    });
    return { bucketMs, from: span.from, to: span.to, points };
  }

  /** The whole span as one point, to the nearest bucket of the finest rollup that still has all of it. */
  sum(span: SeriesSpan): SeriesPoint {
    const rollup = this.#rollupFor(span.from);
    const end = Math.ceil(span.to / rollup.bucketMs) * rollup.bucketMs;
    const length = Math.ceil((span.to - span.from) / rollup.bucketMs) * rollup.bucketMs;
    return pointOf(span.from, this.#sum(this.#find(span), rollup, end - length, end));
  }

  /** Counts by key since the view began, whatever is kept of them. */
  totals(by: Exclude<Dimension, "all">): Map<string, Counts> {
    return new Map(Array.from(this.#tracks[by], ([key, track]) => [key, namedCounts(track.totals)]));
  }

  total(): Counts {
    return namedCounts(this.#all.totals);
  }

  /** In the order of the dimensions. What has no name, queue or worker is only among all. */
  #readTracks(marks: Marks, tracks: (Track | undefined)[]): Tracks {
    tracks[0] = this.#all;
    tracks[1] = this.#trackOf("name", marks.name);
    tracks[2] = this.#trackOf("queue", marks.queue);
    tracks[3] = this.#trackOf("worker", marks.worker);
    return tracks;
  }

  #trackOf(by: Exclude<Dimension, "all">, key: string | undefined): Track | undefined {
    if (key === undefined) return undefined;
    const tracks = this.#tracks[by];
    return tracks.get(key) ?? (tracks.size < this.#maxKeys ? newKey(tracks, key) : (tracks.get(OTHER) ?? newKey(tracks, OTHER)));
  }

  #find({ by, key }: SeriesSpan): Track | undefined {
    return by === "all" ? this.#all : this.#tracks[by].get(key ?? "");
  }

  #moveAll(before: Marks, from: Tracks, after: Marks, to: Tracks): void {
    // A worker does not send what it runs, so sending is not counted for it.
    this.#moveTime(Kind.SENT, before.sentAt, from, after.sentAt, to, to.length - 1);
    this.#moveTime(Kind.RECEIVED, before.receivedAt, from, after.receivedAt, to, to.length);
    this.#moveTime(Kind.STARTED, before.startedAt, from, after.startedAt, to, to.length);
    this.#moveEnd(before, from, after, to);
  }

  #moveTime(kind: Kind, fromAt: number, from: Tracks, toAt: number, to: Tracks, dimensions: number): void {
    const isSame = Object.is(fromAt, toAt);
    if (isSame && from === to) return;
    if (this.#place(fromAt)) for (let by = 0; by < dimensions; by++) if (!isSame || from[by] !== to[by]) this.#count(from[by], kind, -1);
    if (!this.#place(toAt)) return;
    if (!isSame) this.#noteLate();
    for (let by = 0; by < dimensions; by++) if (!isSame || from[by] !== to[by]) this.#count(to[by], kind, 1);
  }

  #moveEnd(before: Marks, from: Tracks, after: Marks, to: Tracks): void {
    const isSame = haveSameEnd(before, after);
    if (isSame && from === to) return;
    if (before.end !== undefined && this.#place(before.endAt)) {
      const bins = binsOf(before);
      for (let by = 0; by < from.length; by++) if (!isSame || from[by] !== to[by]) this.#count(from[by], before.end, -1, bins);
    }
    if (after.end === undefined || !this.#place(after.endAt)) return;
    if (!isSame) this.#noteLate();
    const bins = binsOf(after);
    for (let by = 0; by < to.length; by++) if (!isSame || from[by] !== to[by]) this.#count(to[by], after.end, 1, bins);
  }

  /** Finds the buckets of a moment for the counting that follows; false when there is no such moment. */
  #place(at: number): boolean {
    if (Number.isNaN(at)) return false;
    for (let level = 0; level < this.#rollups.length; level++) {
      const rollup = this.#rollups[level]!;
      const bucket = rollup.bucketOf(at);
      this.#buckets[level] = rollup.keeps(bucket) ? bucket : GONE;
      this.#places[level] = rollup.placeOf(bucket);
    }
    return true;
  }

  #noteLate(): void {
    if (this.#buckets[this.#rollups.length - 1] === GONE) this.#late++;
  }

  /** Counts in the buckets that `#place` found. What left with its bucket is not taken from another. */
  #count(track: Track | undefined, kind: Kind, count: number, bins?: Bins): void {
    if (track === undefined) return;
    track.totals[kind]! += count;
    for (let level = 0; level < this.#rollups.length; level++) {
      const bucket = this.#buckets[level]!;
      if (bucket === GONE) continue;
      const rollup = this.#rollups[level]!;
      const ring = (track.rings[level] ??= rollup.newRing());
      const place = this.#places[level]!;
      const cell = count > 0 ? rollup.findOrMake(ring, place, bucket) : rollup.find(ring, place, bucket);
      if (cell === 0) continue;
      this.#cells.add(cell, kind, count);
      if (bins !== undefined) this.#cells.addLatencies(cell, bins, count);
    }
  }

  #rollupFor(from: number): Rollup {
    const [fine, middle, coarse] = this.#rollups;
    if (fine.keeps(fine.bucketOf(from))) return fine;
    return middle.keeps(middle.bucketOf(from)) ? middle : coarse;
  }

  /** Good until the next call: a series of 360 points would make and throw away a megabyte and a half. */
  #sum(track: Track | undefined, rollup: Rollup, from: number, to: number): Sum {
    const sum = this.#summed;
    sum.clear();
    const ring = track?.rings[this.#rollups.indexOf(rollup)];
    if (ring === undefined) return sum;
    for (let bucket = rollup.bucketOf(from); bucket < rollup.bucketOf(to); bucket++) {
      const cell = rollup.keeps(bucket) ? rollup.find(ring, rollup.placeOf(bucket), bucket) : 0;
      if (cell !== 0) this.#cells.addTo(sum, cell);
    }
    return sum;
  }
}

function newTrack(): Track {
  return { rings: [], totals: new Float64Array(KINDS) };
}

function newKey(tracks: Map<string, Track>, key: string): Track {
  const track = newTrack();
  tracks.set(key, track);
  return track;
}

/** What may be taken back of the earlier contribution: when a later run takes over, what was counted of the earlier one remains. */
function standingOf(before: Marks, after: Marks): Marks {
  if (after.lastRun <= before.lastRun) return before;
  const wasRetried = before.end === Kind.RETRIED && retriesOf(after.lastRun) > retriesOf(before.lastRun);
  return Object.assign(new Marks(), before, { receivedAt: NaN, startedAt: NaN, end: wasRetried ? undefined : before.end });
}

/** Attempts that must have been retried, because later ones exist. Word of the retry often comes after word of what it sent. */
function unseenRetriesOf(before: Marks, after: Marks): number {
  const retries = retriesOf(after.lastRun) - retriesOf(before.lastRun);
  return retries > 0 && before.end === Kind.RETRIED ? retries - 1 : retries;
}

function haveSameKeys(left: Marks, right: Marks): boolean {
  return left.name === right.name && left.queue === right.queue && left.worker === right.worker;
}

function haveSameEnd(left: Marks, right: Marks): boolean {
  return (
    left.end === right.end &&
    (left.end === undefined || (left.endAt === right.endAt && Object.is(left.waitMs, right.waitMs) && Object.is(left.runMs, right.runMs)))
  );
}

function binsOf({ waitMs, runMs }: Marks): Bins {
  return { wait: Number.isNaN(waitMs) ? NO_BIN : binOf(waitMs), run: Number.isNaN(runMs) ? NO_BIN : binOf(runMs) };
}

function widthFor(span: number, finest: number): number {
  const width = WIDTHS.find((one) => one >= finest && one % finest === 0 && Math.ceil(span / one) <= MOST_POINTS);
  return width ?? Math.ceil(span / MOST_POINTS / DAY) * DAY;
}

function pointOf(at: number, { counts, wait, run }: Sum): SeriesPoint {
  return {
    at,
    ...namedCounts(counts),
    waitP50Ms: wait.percentile(0.5),
    waitP95Ms: wait.percentile(0.95),
    waitP99Ms: wait.percentile(0.99),
    runP50Ms: run.percentile(0.5),
    runP95Ms: run.percentile(0.95),
    runP99Ms: run.percentile(0.99),
  };
}
