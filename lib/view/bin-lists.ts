import type { Histogram } from "./histogram.ts";

const BLOCK = 8;
const CHUNK_BLOCKS = 4_096;
/** An entry is a bin in the upper 8 bits and a count in the lower 24. */
const COUNT_BITS = 24;
const MOST = 2 ** COUNT_BITS - 1;

/**
 * Histograms of which only a few bins are in use, as most are that describe ten seconds of one task name: a list of 32-byte
 * blocks with seven entries each. A list is named by its first block; 0 is the empty list.
 */
export class BinLists {
  /** A block's first word is the next block. */
  readonly #chunks: Uint32Array[] = [new Uint32Array(CHUNK_BLOCKS * BLOCK)];
  #end = 1;
  #freeBlock = 0;

  /** Adds to a bin, or takes from it when `count` is negative. Answers the list, which may begin with another block now. */
  add(list: number, bin: number, count: number): number {
    let vacancy = -1;
    for (let block = list; block !== 0; block = this.#word(block * BLOCK)) {
      for (let at = block * BLOCK + 1; at < (block + 1) * BLOCK; at++) {
        const entry = this.#word(at);
        const held = entry & MOST;
        if (held === 0) vacancy = at;
        else if (entry >>> COUNT_BITS === bin && held + count >= 0 && held + count <= MOST) {
          this.#set(at, entry + count);
          return list;
        }
      }
    }
    if (count <= 0) return list;
    const first = vacancy < 0 ? this.#newBlock(list) : list;
    this.#set(vacancy < 0 ? first * BLOCK + 1 : vacancy, ((bin << COUNT_BITS) | Math.min(count, MOST)) >>> 0);
    return first;
  }

  addTo(histogram: Histogram, list: number): void {
    for (let block = list; block !== 0; block = this.#word(block * BLOCK)) {
      for (let at = block * BLOCK + 1; at < (block + 1) * BLOCK; at++) {
        const entry = this.#word(at);
        if ((entry & MOST) !== 0) histogram.add(entry >>> COUNT_BITS, entry & MOST);
      }
    }
  }

  remove(list: number): void {
    for (let block = list; block !== 0;) {
      const next = this.#word(block * BLOCK);
      this.#set(block * BLOCK, this.#freeBlock);
      this.#freeBlock = block;
      block = next;
    }
  }

  get bytes(): number {
    return this.#chunks.length * CHUNK_BLOCKS * BLOCK * 4;
  }

  #newBlock(next: number): number {
    const block = this.#freeBlock === 0 ? this.#end++ : this.#freeBlock;
    if (block === this.#chunks.length * CHUNK_BLOCKS) this.#chunks.push(new Uint32Array(CHUNK_BLOCKS * BLOCK));
    if (block === this.#freeBlock) this.#freeBlock = this.#word(block * BLOCK);
    const from = (block % CHUNK_BLOCKS) * BLOCK;
    this.#chunks[Math.floor(block / CHUNK_BLOCKS)]!.fill(0, from, from + BLOCK);
    this.#set(block * BLOCK, next);
    return block;
  }

  #word(at: number): number {
    return this.#chunks[Math.floor(at / (CHUNK_BLOCKS * BLOCK))]![at % (CHUNK_BLOCKS * BLOCK)]!;
  }

  #set(at: number, value: number): void {
    this.#chunks[Math.floor(at / (CHUNK_BLOCKS * BLOCK))]![at % (CHUNK_BLOCKS * BLOCK)] = value;
  }
}
