import { refuse } from "../refused.ts";

/** Bytes that grow as they are written, up to a bound. */
export class BoundedOutput {
  bytes: Uint8Array;
  length = 0;
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
    this.bytes = new Uint8Array(Math.min(max, 16_384));
  }

  /** Makes room for so many bytes behind `length`. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed > this.#max) refuse(`decompresses to more than ${this.#max} bytes`);
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.min(this.#max, Math.max(needed, 2 * this.bytes.length)));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}
