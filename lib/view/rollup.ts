import { BinLists } from "./bin-lists.ts";
import { binOf, Histogram } from "./histogram.ts";
import { KINDS, type Kind } from "./marks.ts";

/** Words of a cell: its bucket, a count for each kind, and the lists of its two histograms. */
const WIDTH = KINDS.length + 3;
const WAIT = KINDS.length + 1;
const RUN = KINDS.length + 2;
const CHUNK_CELLS = 4_096;

const PLACES: Record<Kind, number> = { sent: 1, received: 2, started: 3, succeeded: 4, failed: 5, retried: 6, revoked: 7, rejected: 8 };

/** What was counted in one bucket for one key. Cells live in chunks and have numbers from 1 on. */
export class CountCells {
  readonly #chunks: Uint32Array[] = [];
  readonly #lists = new BinLists();
  #end = 1;

  /** An empty cell. */
  make(bucket: number): number {
    const cell = this.#end++;
    if (Math.floor(cell / CHUNK_CELLS) === this.#chunks.length) this.#chunks.push(new Uint32Array(CHUNK_CELLS * WIDTH));
    this.#set(cell, 0, bucket);
    return cell;
  }

  /** Empties a cell and gives it to another bucket. */
  reuse(cell: number, bucket: number): void {
    this.#lists.remove(this.#get(cell, WAIT));
    this.#lists.remove(this.#get(cell, RUN));
    for (let at = 1; at < WIDTH; at++) this.#set(cell, at, 0);
    this.#set(cell, 0, bucket);
  }

  bucket(cell: number): number {
    return this.#get(cell, 0);
  }

  add(cell: number, kind: Kind, count: number): void {
    this.#set(cell, PLACES[kind], this.#get(cell, PLACES[kind]) + count);
  }

  /** Durations in ms; NaN is left out. */
  addLatencies(cell: number, waitMs: number, runMs: number, count: number): void {
    if (!Number.isNaN(waitMs)) this.#set(cell, WAIT, this.#lists.add(this.#get(cell, WAIT), binOf(waitMs), count));
    if (!Number.isNaN(runMs)) this.#set(cell, RUN, this.#lists.add(this.#get(cell, RUN), binOf(runMs), count));
  }

  addTo(sum: Sum, cell: number): void {
    for (const kind of KINDS) sum.counts[kind] += this.#get(cell, PLACES[kind]);
    this.#lists.addTo(sum.wait, this.#get(cell, WAIT));
    this.#lists.addTo(sum.run, this.#get(cell, RUN));
  }

  get bytes(): number {
    return this.#chunks.length * CHUNK_CELLS * WIDTH * 4 + this.#lists.bytes;
  }

  #get(cell: number, at: number): number {
    return this.#chunks[Math.floor(cell / CHUNK_CELLS)]![(cell % CHUNK_CELLS) * WIDTH + at]!;
  }

  #set(cell: number, at: number, value: number): void {
    this.#chunks[Math.floor(cell / CHUNK_CELLS)]![(cell % CHUNK_CELLS) * WIDTH + at] = value;
  }
}

export type Counts = Record<Kind, number>;

export function noCounts(): Counts {
  return { sent: 0, received: 0, started: 0, succeeded: 0, failed: 0, retried: 0, revoked: 0, rejected: 0 };
}

/** The sum of any cells. */
export class Sum {
  readonly counts = noCounts();
  readonly wait = new Histogram();
  readonly run = new Histogram();
}

/** Buckets of one width over one span, for any number of keys. A key's buckets are a ring of cell numbers. */
export class Rollup {
  readonly bucketMs: number;
  readonly size: number;
  readonly #cells: CountCells;
  /** The newest bucket. Buckets go by the leader's clock alone: a worker's clock that is ahead must not push others out. */
  #head = 0;

  constructor(cells: CountCells, bucketMs: number, spanMs: number) {
    this.#cells = cells;
    this.bucketMs = bucketMs;
    // One more than the span has, because a span rarely begins with a bucket.
    this.size = Math.ceil(spanMs / bucketMs) + 1;
  }

  advance(at: number): void {
    this.#head = Math.max(this.#head, this.bucketOf(at));
  }

  bucketOf(at: number): number {
    return Math.floor(at / this.bucketMs);
  }

  keeps(bucket: number): boolean {
    return bucket > this.#head - this.size && bucket <= this.#head && bucket >= 0;
  }

  newRing(): Uint32Array {
    return new Uint32Array(this.size);
  }

  /** The cell of a bucket, 0 when it holds nothing or is kept no more. */
  find(ring: Uint32Array, bucket: number): number {
    if (!this.keeps(bucket)) return 0;
    const cell = ring[bucket % this.size]!;
    return cell !== 0 && this.#cells.bucket(cell) === bucket ? cell : 0;
  }

  /** The cell of a bucket that is kept. */
  findOrMake(ring: Uint32Array, bucket: number): number {
    const place = bucket % this.size;
    const cell = ring[place]!;
    if (cell === 0) return (ring[place] = this.#cells.make(bucket));
    if (this.#cells.bucket(cell) !== bucket) this.#cells.reuse(cell, bucket);
    return cell;
  }
}
