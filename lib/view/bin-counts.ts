import { BINS, type Histogram } from "./histogram.ts";

const BLOCK = 8;
const BINS_PER_BLOCK = BLOCK - 1;
const CHUNK_BITS = 12;
const CHUNK_BLOCKS = 1 << CHUNK_BITS;
/** A block's first word is the number of the next block and, in its lower 6 bits, which seven bins it counts. */
const GROUP_BITS = 6;
const GROUP_MASK = (1 << GROUP_BITS) - 1;

/**
 * Histograms of which few bins are in use, as most are that describe ten seconds of one task name: chains of 32-byte
 * blocks, each with the counts of seven neighbouring bins. A chain is named by its first block; 0 is the empty chain.
 */
export class BinCounts {
  readonly #chunks: Uint32Array[] = [newChunk()];
  #end = 1;
  #freeBlock = 0;

  /** Adds to a bin, or takes from it what was added before. Answers the chain, which may begin with another block now. */
  add(chain: number, bin: number, count: number): number {
    const group = Math.floor(bin / BINS_PER_BLOCK);
    const place = 1 + bin - group * BINS_PER_BLOCK;
    for (let block = chain; block !== 0;) {
      const words = this.#chunkOf(block);
      const from = offsetOf(block);
      const head = words[from]!;
      if ((head & GROUP_MASK) === group) {
        words[from + place]! += count;
        return chain;
      }
      block = head >>> GROUP_BITS;
    }
    const first = this.#newBlock(chain, group);
    this.#chunkOf(first)[offsetOf(first) + place] = count;
    return first;
  }

  addTo(histogram: Histogram, chain: number): void {
    for (let block = chain; block !== 0;) {
      const words = this.#chunkOf(block);
      const from = offsetOf(block);
      const head = words[from]!;
      const firstBin = (head & GROUP_MASK) * BINS_PER_BLOCK;
      for (let at = 0; at < BINS_PER_BLOCK && firstBin + at < BINS; at++) histogram.add(firstBin + at, words[from + 1 + at]!);
      block = head >>> GROUP_BITS;
    }
  }

  remove(chain: number): void {
    for (let block = chain; block !== 0;) {
      const words = this.#chunkOf(block);
      const from = offsetOf(block);
      const next = words[from]! >>> GROUP_BITS;
      words[from] = this.#freeBlock;
      this.#freeBlock = block;
      block = next;
    }
  }

  get bytes(): number {
    return this.#chunks.length * CHUNK_BLOCKS * BLOCK * 4;
  }

  #newBlock(next: number, group: number): number {
    const block = this.#freeBlock === 0 ? this.#end++ : this.#freeBlock;
    if (block >>> CHUNK_BITS === this.#chunks.length) this.#chunks.push(newChunk());
    const words = this.#chunkOf(block);
    const from = offsetOf(block);
    if (block === this.#freeBlock) this.#freeBlock = words[from]!;
    words.fill(0, from, from + BLOCK);
    words[from] = (next << GROUP_BITS) | group;
    return block;
  }

  #chunkOf(block: number): Uint32Array {
    return this.#chunks[block >>> CHUNK_BITS]!;
  }
}

function newChunk(): Uint32Array {
  return new Uint32Array(CHUNK_BLOCKS * BLOCK);
}

function offsetOf(block: number): number {
  return (block & (CHUNK_BLOCKS - 1)) * BLOCK;
}
