const ROWS = 4_096;
const WIDTH = 10;

/** Places in a record. */
export const Rare = {
  STEP_AT: 0,
  FIRST_AT: 1,
  EVIDENCE_AT: 2,
  DOUBT_AT: 3,
  ETA_AT: 4,
  EXPIRES_AT: 5,
  PRIORITY: 6,
  LAST_RUN: 7,
  /** Number of an id. */
  RERUN: 8,
  /** Number of a word. */
  CUSTOM: 9,
} as const;
export type Rare = (typeof Rare)[keyof typeof Rare];

/**
 * Facts that most tasks do not have, or that repeat another column, in records of their own: a row is a third smaller for
 * it. Records are numbered from 1; what is not known is NaN.
 */
export class RareFacts {
  readonly #chunks: Float64Array[] = [];
  readonly #free: number[] = [];
  #end = 1;

  /** A record in which nothing is known. */
  add(): number {
    const record = this.#free.pop() ?? this.#end++;
    if (Math.floor(record / ROWS) === this.#chunks.length) this.#chunks.push(new Float64Array(new SharedArrayBuffer(ROWS * WIDTH * 8)));
    const from = (record % ROWS) * WIDTH;
    this.#chunkOf(record).fill(NaN, from, from + WIDTH);
    return record;
  }

  remove(record: number): void {
    this.#free.push(record);
  }

  get(record: number, fact: Rare): number {
    return this.#chunkOf(record)[(record % ROWS) * WIDTH + fact]!;
  }

  set(record: number, fact: Rare, value: number): void {
    this.#chunkOf(record)[(record % ROWS) * WIDTH + fact] = value;
  }

  get bytes(): number {
    return this.#chunks.length * ROWS * WIDTH * 8;
  }

  #chunkOf(record: number): Float64Array {
    return this.#chunks[Math.floor(record / ROWS)]!;
  }
}
