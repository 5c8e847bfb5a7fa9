import { SERIES_DIMENSIONS, type Series as SeriesAnswer, type SeriesPoint } from "../contract/series.ts";
import { retriesOf } from "../model/event.ts";
import type { Kind, Marks } from "./marks.ts";
import { CountCells, noCounts, Rollup, Sum, type Counts } from "./rollup.ts";
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

/** The counts of one key: a ring for each rollup, made when first needed, and totals since the view began. */
interface Track {
  rings: (Uint32Array | undefined)[];
  totals: Counts;
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
    if (before === undefined) {
      for (const by of SERIES_DIMENSIONS) this.#countAll(this.#track(by, after), by, after, 1);
      return;
    }
    const standing = standingOf(before, after);
    const unseenRetries = unseenRetriesOf(before, after);
    if (unseenRetries === 0 && areSame(standing, after)) return;
    for (const by of SERIES_DIMENSIONS) {
      const from = this.#track(by, before);
      const to = this.#track(by, after);
      if (from === to) this.#shift(to, by, standing, after);
      else {
        this.#countAll(from, by, standing, -1);
        this.#countAll(to, by, after, 1);
      }
      if (unseenRetries > 0) this.#count(from, "retried", after.lastAt, unseenRetries);
    }
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
  totals(by: Exclude<Dimension, "all">): Map<string, Readonly<Counts>> {
    return new Map(Array.from(this.#tracks[by], ([key, track]) => [key, track.totals]));
  }

  total(): Readonly<Counts> {
    return this.#all.totals;
  }

  #track(by: Dimension, marks: Marks): Track | undefined {
    if (by === "all") return this.#all;
    const key = marks[by];
    if (key === undefined) return undefined;
    const tracks = this.#tracks[by];
    return tracks.get(key) ?? (tracks.size < this.#maxKeys ? newKey(tracks, key) : (tracks.get(OTHER) ?? newKey(tracks, OTHER)));
  }

  #find({ by, key }: SeriesSpan): Track | undefined {
    return by === "all" ? this.#all : this.#tracks[by].get(key ?? "");
  }

  #shift(track: Track | undefined, by: Dimension, from: Marks, to: Marks): void {
    if (track === undefined) return;
    if (by !== "worker") this.#moveOne(track, "sent", from.sentAt, to.sentAt);
    this.#moveOne(track, "received", from.receivedAt, to.receivedAt);
    this.#moveOne(track, "started", from.startedAt, to.startedAt);
    if (haveSameEnd(from, to)) return;
    this.#countEnd(track, from, -1);
    this.#countEnd(track, to, 1);
  }

  #moveOne(track: Track, kind: Kind, from: number, to: number): void {
    if (Object.is(from, to)) return;
    this.#count(track, kind, from, -1);
    this.#count(track, kind, to, 1);
  }

  /** A worker does not send what it runs, so sending is not counted for it. */
  #countAll(track: Track | undefined, by: Dimension, marks: Marks, count: number): void {
    if (track === undefined) return;
    if (by !== "worker") this.#count(track, "sent", marks.sentAt, count);
    this.#count(track, "received", marks.receivedAt, count);
    this.#count(track, "started", marks.startedAt, count);
    this.#countEnd(track, marks, count);
  }

  #count(track: Track | undefined, kind: Kind, at: number, count: number): void {
    if (track === undefined || Number.isNaN(at)) return;
    track.totals[kind] += count;
    for (let level = 0; level < this.#rollups.length; level++) {
      const cell = this.#cell(track, level, at, count);
      if (cell !== 0) this.#cells.add(cell, kind, count);
    }
  }

  #countEnd(track: Track, marks: Marks, count: number): void {
    const { end, endAt } = marks;
    if (end === undefined) return;
    track.totals[end] += count;
    for (let level = 0; level < this.#rollups.length; level++) {
      const cell = this.#cell(track, level, endAt, count);
      if (cell === 0) continue;
      this.#cells.add(cell, end, count);
      this.#cells.addLatencies(cell, marks.waitMs, marks.runMs, count);
    }
  }

  /** The cell to count in, or 0 when its bucket is kept no more. What left a bucket with its time is not taken from it again. */
  #cell(track: Track, level: number, at: number, count: number): number {
    const rollup = this.#rollups[level]!;
    const bucket = rollup.bucketOf(at);
    if (!rollup.keeps(bucket)) {
      if (track === this.#all && level === this.#rollups.length - 1 && count > 0) this.#late += count;
      return 0;
    }
    const ring = (track.rings[level] ??= rollup.newRing());
    return count > 0 ? rollup.findOrMake(ring, bucket) : rollup.find(ring, bucket);
  }

  #rollupFor(from: number): Rollup {
    const [fine, middle, coarse] = this.#rollups;
    if (fine.keeps(fine.bucketOf(from))) return fine;
    return middle.keeps(middle.bucketOf(from)) ? middle : coarse;
  }

  #sum(track: Track | undefined, rollup: Rollup, from: number, to: number): Sum {
    const sum = new Sum();
    const ring = track?.rings[this.#rollups.indexOf(rollup)];
    if (ring === undefined) return sum;
    for (let bucket = rollup.bucketOf(from); bucket < rollup.bucketOf(to); bucket++) {
      const cell = rollup.find(ring, bucket);
      if (cell !== 0) this.#cells.addTo(sum, cell);
    }
    return sum;
  }
}

function newTrack(): Track {
  return { rings: [], totals: noCounts() };
}

function newKey(tracks: Map<string, Track>, key: string): Track {
  const track = newTrack();
  tracks.set(key, track);
  return track;
}

/** What may be taken back of the earlier contribution: when a later run takes over, what was counted of the earlier one remains. */
function standingOf(before: Marks, after: Marks): Marks {
  if (after.lastRun <= before.lastRun) return before;
  const wasRetried = before.end === "retried" && retriesOf(after.lastRun) > retriesOf(before.lastRun);
  return { ...before, receivedAt: NaN, startedAt: NaN, end: wasRetried ? undefined : before.end };
}

/** Attempts that must have been retried, because later ones exist. Word of the retry often comes after word of what it sent. */
function unseenRetriesOf(before: Marks, after: Marks): number {
  const retries = retriesOf(after.lastRun) - retriesOf(before.lastRun);
  return retries > 0 && before.end === "retried" ? retries - 1 : retries;
}

function areSame(left: Marks, right: Marks): boolean {
  return (
    Object.is(left.sentAt, right.sentAt) &&
    Object.is(left.receivedAt, right.receivedAt) &&
    Object.is(left.startedAt, right.startedAt) &&
    haveSameEnd(left, right) &&
    left.name === right.name &&
    left.queue === right.queue &&
    left.worker === right.worker
  );
}

function haveSameEnd(left: Marks, right: Marks): boolean {
  return (
    left.end === right.end &&
    (left.end === undefined || (left.endAt === right.endAt && Object.is(left.waitMs, right.waitMs) && Object.is(left.runMs, right.runMs)))
  );
}

function widthFor(span: number, finest: number): number {
  const width = WIDTHS.find((one) => one >= finest && one % finest === 0 && Math.ceil(span / one) <= MOST_POINTS);
  return width ?? Math.ceil(span / MOST_POINTS / DAY) * DAY;
}

function pointOf(at: number, { counts, wait, run }: Sum): SeriesPoint {
  return {
    at,
    ...counts,
    waitP50Ms: wait.percentile(0.5),
    waitP95Ms: wait.percentile(0.95),
    waitP99Ms: wait.percentile(0.99),
    runP50Ms: run.percentile(0.5),
    runP95Ms: run.percentile(0.95),
    runP99Ms: run.percentile(0.99),
  };
}
