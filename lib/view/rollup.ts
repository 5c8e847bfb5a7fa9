import { BinCounts } from "./bin-counts.ts";
import { Histogram } from "./histogram.ts";
import { Kind, KINDS } from "./marks.ts";

/** Words of a cell: a count for each kind, its bucket, and the chains of its two histograms. */
const BUCKET = KINDS;
const WAIT = KINDS + 1;
const RUN = KINDS + 2;
const WIDTH = KINDS + 3;
const CELL_BITS = 12;
const CHUNK_CELLS = 1 << CELL_BITS;

export const NO_BIN = -1;

/** Bins of a run's latencies, `NO_BIN` for one that is not known. */
export interface Bins {
  wait: number;
  run: number;
}

/** What was counted in one bucket for one key. Cells live in chunks and have numbers from 1 on. */
export class CountCells {
  readonly #chunks: Uint32Array[] = [];
  readonly #bins = new BinCounts();
  #end = 1;

  /** An empty cell. */
  make(bucket: number): number {
    const cell = this.#end++;
    if (cell >>> CELL_BITS === this.#chunks.length) this.#chunks.push(new Uint32Array(CHUNK_CELLS * WIDTH));
    this.#set(cell, BUCKET, bucket);
    return cell;
  }

  /** Empties a cell and gives it to another bucket. */
  reuse(cell: number, bucket: number): void {
    this.#bins.remove(this.#get(cell, WAIT));
    this.#bins.remove(this.#get(cell, RUN));
    for (let at = 0; at < WIDTH; at++) this.#set(cell, at, 0);
    this.#set(cell, BUCKET, bucket);
  }

  bucket(cell: number): number {
    return this.#get(cell, BUCKET);
  }

  add(cell: number, kind: Kind, count: number): void {
    this.#chunks[cell >>> CELL_BITS]![(cell & (CHUNK_CELLS - 1)) * WIDTH + kind]! += count;
  }

  addLatencies(cell: number, { wait, run }: Bins, count: number): void {
    if (wait !== NO_BIN) this.#set(cell, WAIT, this.#bins.add(this.#get(cell, WAIT), wait, count));
    if (run !== NO_BIN) this.#set(cell, RUN, this.#bins.add(this.#get(cell, RUN), run, count));
  }

  addTo(sum: Sum, cell: number): void {
    for (let kind = 0; kind < KINDS; kind++) sum.counts[kind]! += this.#get(cell, kind);
    this.#bins.addTo(sum.wait, this.#get(cell, WAIT));
    this.#bins.addTo(sum.run, this.#get(cell, RUN));
  }

  get bytes(): number {
    return this.#chunks.length * CHUNK_CELLS * WIDTH * 4 + this.#bins.bytes;
  }

  #get(cell: number, at: number): number {
    return this.#chunks[cell >>> CELL_BITS]![(cell & (CHUNK_CELLS - 1)) * WIDTH + at]!;
  }

  #set(cell: number, at: number, value: number): void {
    this.#chunks[cell >>> CELL_BITS]![(cell & (CHUNK_CELLS - 1)) * WIDTH + at] = value;
  }
}

/** A number for each kind. */
export interface Counts {
  sent: number;
  received: number;
  started: number;
  succeeded: number;
  failed: number;
  retried: number;
  revoked: number;
  rejected: number;
}

export function namedCounts(counts: Float64Array): Counts {
  return {
    sent: counts[Kind.SENT]!,
    received: counts[Kind.RECEIVED]!,
    started: counts[Kind.STARTED]!,
    succeeded: counts[Kind.SUCCEEDED]!,
    failed: counts[Kind.FAILED]!,
    retried: counts[Kind.RETRIED]!,
    revoked: counts[Kind.REVOKED]!,
    rejected: counts[Kind.REJECTED]!,
  };
}

/** The sum of any cells. */
export class Sum {
  readonly counts = new Float64Array(KINDS);
  readonly wait = new Histogram();
  readonly run = new Histogram();

  clear(): void {
    this.counts.fill(0);
    this.wait.clear();
    this.run.clear();
  }
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

  /** Where a bucket has its place in every ring. */
  placeOf(bucket: number): number {
    return bucket % this.size;
  }

  /** The cell of a bucket, 0 when nothing was counted in it. */
  find(ring: Uint32Array, place: number, bucket: number): number {
    const cell = ring[place]!;
    return cell !== 0 && this.#cells.bucket(cell) === bucket ? cell : 0;
  }

  /** The cell of a bucket; what held its place before is past its span. */
  findOrMake(ring: Uint32Array, place: number, bucket: number): number {
    const cell = ring[place]!;
    if (cell === 0) return (ring[place] = this.#cells.make(bucket));
    if (this.#cells.bucket(cell) !== bucket) this.#cells.reuse(cell, bucket);
    return cell;
  }
}
