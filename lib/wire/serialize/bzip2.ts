import { BoundedOutput } from "./bounded-output.ts";
import { refuse } from "../refused.ts";

const BLOCK = 0x3141_5926_5359;
const END = 0x1772_4538_5090;
const GROUP_SIZE = 50;
const MAX_CODE_LENGTH = 20;
const RUN_A = 0;
const RUN_B = 1;

/**
 * The first bzip2 stream of the input, as Python's `bz2.compress` writes it. The checks are not verified, because what is
 * read here has not travelled further than Redis. Written by hand because the packages take fresh megabytes for every
 * block, of which a small input can hold very many.
 */
export function bunzip2(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const output = new BoundedOutput(maxBytes);
  const bits = new BitReader(bytes);
  const level = bits.read(24) === 0x42_5a68 ? bits.read(8) - 0x30 : 0;
  if (level < 1 || level > 9) refuse("not bzip2");
  const block = new Uint32Array(level * 100_000);
  for (;;) {
    const magic = bits.read(24) * 0x100_0000 + bits.read(24);
    if (magic === END) return output.written();
    if (magic !== BLOCK) refuse("not bzip2: no block");
    bits.read(32); // its check
    if (bits.read(1) === 1) refuse("not bzip2: a randomised block, which nothing has written since 1999");
    const origin = bits.read(24);
    const length = readSymbols(bits, block);
    if (origin >= length) refuse("not bzip2: no origin");
    unsort(block, length);
    unrun(block, length, origin, output);
  }
}

/** Reads bits, the highest first. */
class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #bit = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  read(count: number): number {
    let value = 0;
    let left = count;
    while (left > 0) {
      const byte = this.#bytes[this.#at] ?? refuse("the bzip2 ends early");
      const taken = Math.min(left, 8 - this.#bit);
      const part = (byte >> (8 - this.#bit - taken)) & ((1 << taken) - 1);
      value = value * 2 ** taken + part;
      left -= taken;
      this.#bit += taken;
      if (this.#bit === 8) {
        this.#bit = 0;
        this.#at++;
      }
    }
    return value;
  }
}

/** Undoes the Huffman coding, the run lengths and the move-to-front of one block; returns how many bytes it holds. */
function readSymbols(bits: BitReader, block: Uint32Array): number {
  const used = usedBytes(bits);
  const endOfBlock = used.length + 1;
  const { tables, selectors } = readTables(bits, used.length + 2);
  let length = 0;
  let run = 0;
  let runWeight = 1;
  for (let group = 0; ; group++) {
    const table = tables[selectors[group] ?? refuse("not bzip2: too few selectors")] ?? refuse("not bzip2: no table");
    for (let count = 0; count < GROUP_SIZE; count++) {
      const symbol = readSymbol(bits, table);
      if (symbol === RUN_A || symbol === RUN_B) {
        run += runWeight << symbol;
        runWeight *= 2;
        if (run > block.length) refuse("not bzip2: a run beyond the block");
        continue;
      }
      if (run > block.length - length) refuse("not bzip2: a run beyond the block");
      block.fill(used[0] ?? 0, length, length + run);
      length += run;
      run = 0;
      runWeight = 1;
      if (symbol === endOfBlock) return length;
      if (length === block.length) refuse("not bzip2: more than a block");
      block[length++] = toFront(used, symbol - 1);
    }
  }
}

function usedBytes(bits: BitReader): Uint8Array {
  const rows = bits.read(16);
  const used: number[] = [];
  for (let row = 0; row < 16; row++) {
    if (!(rows & (0x8000 >> row))) continue;
    const columns = bits.read(16);
    for (let column = 0; column < 16; column++) if (columns & (0x8000 >> column)) used.push(16 * row + column);
  }
  if (used.length === 0) refuse("not bzip2: an empty block");
  return Uint8Array.from(used);
}

/** Symbols in the order of their codes; how many codes there are of each length. */
type CodeTable = { symbols: Uint16Array; counts: Uint16Array };

function readTables(bits: BitReader, symbolCount: number): { tables: CodeTable[]; selectors: Uint8Array } {
  const tableCount = bits.read(3);
  const selectors = new Uint8Array(bits.read(15));
  if (tableCount < 2 || tableCount > 6) refuse("not bzip2: impossible number of tables");
  const order = Uint8Array.from({ length: tableCount }, (_, index) => index);
  for (let index = 0; index < selectors.length; index++) {
    let position = 0;
    while (bits.read(1) === 1) if (++position === tableCount) refuse("not bzip2: no such table");
    selectors[index] = toFront(order, position);
  }
  return { tables: Array.from(order, () => readTable(bits, symbolCount)), selectors };
}

function readTable(bits: BitReader, symbolCount: number): CodeTable {
  const lengths = new Uint8Array(symbolCount);
  const counts = new Uint16Array(MAX_CODE_LENGTH + 1);
  let length = bits.read(5);
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    while (bits.read(1) === 1) length += bits.read(1) === 1 ? -1 : 1;
    if (length < 1 || length > MAX_CODE_LENGTH) refuse("not bzip2: impossible code");
    lengths[symbol] = length;
    counts[length] = (counts[length] ?? 0) + 1;
  }
  const symbols = Uint16Array.from(lengths.keys()).sort((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0) || a - b);
  return { symbols, counts };
}

/** Codes of one length are consecutive numbers, and follow those of the shorter length. */
function readSymbol(bits: BitReader, { symbols, counts }: CodeTable): number {
  let code = 0;
  let first = 0;
  let index = 0;
  for (let length = 1; length <= MAX_CODE_LENGTH; length++) {
    code = code * 2 + bits.read(1);
    const count = counts[length] ?? 0;
    if (code - first < count) return symbols[index + code - first] ?? refuse("not bzip2: no such code");
    index += count;
    first = (first + count) * 2;
  }
  return refuse("not bzip2: no such code");
}

function toFront(list: Uint8Array, position: number): number {
  const value = list[position] ?? refuse("not bzip2: no such symbol");
  list.copyWithin(1, 0, position);
  list[0] = value;
  return value;
}

/** Undoes the Burrows-Wheeler sort: above each byte goes the place of the one that follows it. */
function unsort(block: Uint32Array, length: number): void {
  const counts = new Uint32Array(256);
  for (let index = 0; index < length; index++) increment(counts, (block[index] ?? 0) & 0xff);
  const places = new Uint32Array(256);
  for (let byte = 1; byte < 256; byte++) places[byte] = (places[byte - 1] ?? 0) + (counts[byte - 1] ?? 0);
  for (let index = 0; index < length; index++) {
    const place = increment(places, (block[index] ?? 0) & 0xff);
    block[place] = (block[place] ?? 0) | (index << 8);
  }
}

/** Returns what the element was before. */
function increment(array: Uint32Array, index: number): number {
  const before = array[index] ?? 0;
  array[index] = before + 1;
  return before;
}

/** Writes the bytes in their order; behind four equal ones stands how often the same follows. */
function unrun(block: Uint32Array, length: number, origin: number, output: BoundedOutput): void {
  let entry = block[origin] ?? 0;
  let equal = 0;
  let previous = -1;
  for (let index = 0; index < length; index++) {
    entry = block[entry >>> 8] ?? 0;
    const byte = entry & 0xff;
    const repeats = equal === 4 ? byte : 1;
    output.reserve(repeats);
    output.bytes.fill(equal === 4 ? previous : byte, output.length, output.length + repeats);
    output.length += repeats;
    equal = equal === 4 ? 0 : byte === previous ? equal + 1 : 1;
    previous = equal === 0 ? -1 : byte;
  }
}
