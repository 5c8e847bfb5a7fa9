import type { BoundedOutput } from "./bounded-output.ts";
import { refuse } from "../refused.ts";

// Where each kind of probability begins in the one table (names as in the LZMA specification of 7-Zip).
const IS_MATCH = 0;
const IS_REP = IS_MATCH + (12 << 4);
const IS_REP_G0 = IS_REP + 12;
const IS_REP_G1 = IS_REP_G0 + 12;
const IS_REP_G2 = IS_REP_G1 + 12;
const IS_REP0_LONG = IS_REP_G2 + 12;
const POS_SLOT = IS_REP0_LONG + (12 << 4);
const POS_SPECIAL = POS_SLOT + (4 << 6);
const ALIGN = POS_SPECIAL + 115;
const LENGTH = ALIGN + 16;
// Within a length coder: two choices, then the trees.
const LOW = 2;
const MID = LOW + (16 << 3);
const HIGH = MID + (16 << 3);
const REP_LENGTH = LENGTH + HIGH + 256;
const LITERAL = REP_LENGTH + HIGH + 256;

/**
 * The LZMA decoder inside xz: chunks of LZMA2 decode into one output, which is the dictionary too, so that nothing but
 * the output's bound decides how much memory is taken.
 */
export class LzmaDecoder {
  readonly #input: Uint8Array;
  readonly #output: BoundedOutput;
  #at = 0;
  #end = 0;
  #range = 0;
  #code = 0;

  #probabilities = new Uint16Array();
  #literalBits = 0;
  #literalMask = 0;
  #positionMask = 0;
  #state = 0;
  #rep0 = 0;
  #rep1 = 0;
  #rep2 = 0;
  #rep3 = 0;
  #dictionaryStart = 0;

  constructor(input: Uint8Array, output: BoundedOutput) {
    this.#input = input;
    this.#output = output;
  }

  resetDictionary(): void {
    this.#dictionaryStart = this.#output.length;
  }

  /** `properties` is `(pb * 5 + lp) * 9 + lc`. */
  setProperties(properties: number): void {
    const lc = properties % 9;
    const lp = Math.floor(properties / 9) % 5;
    const pb = Math.floor(properties / 45);
    if (pb > 4 || lc + lp > 4) refuse("not xz: impossible properties");
    this.#literalBits = lc;
    this.#literalMask = (1 << lp) - 1;
    this.#positionMask = (1 << pb) - 1;
    this.#probabilities = new Uint16Array(LITERAL + (0x300 << (lc + lp)));
  }

  resetState(): void {
    this.#probabilities.fill(1024);
    this.#state = 0;
    this.#rep0 = this.#rep1 = this.#rep2 = this.#rep3 = 0;
  }

  /** Decodes the input between two places to exactly `size` bytes. */
  decode(start: number, end: number, size: number): void {
    if (this.#probabilities.length === 0) refuse("not xz: no properties");
    this.#output.reserve(size);
    this.#startRange(start, end);
    const stop = this.#output.length + size;
    while (this.#output.length < stop) this.#symbol(stop);
  }

  #symbol(stop: number): void {
    const state = this.#state;
    const positionState = this.#position() & this.#positionMask;
    if (this.#bit(IS_MATCH + (state << 4) + positionState) === 0) return this.#literal();

    if (this.#bit(IS_REP + state) === 0) {
      this.#rep3 = this.#rep2;
      this.#rep2 = this.#rep1;
      this.#rep1 = this.#rep0;
      this.#state = state < 7 ? 7 : 10;
      const length = this.#length(LENGTH, positionState);
      this.#rep0 = this.#distance(length);
      return this.#copy(length, stop);
    }

    if (this.#bit(IS_REP_G0 + state) === 1) this.#recallDistance(state);
    else if (this.#bit(IS_REP0_LONG + (state << 4) + positionState) === 0) {
      this.#state = state < 7 ? 9 : 11;
      return this.#copy(1, stop);
    }
    this.#state = state < 7 ? 8 : 11;
    this.#copy(this.#length(REP_LENGTH, positionState), stop);
  }

  #recallDistance(state: number): void {
    let distance = this.#rep1;
    if (this.#bit(IS_REP_G1 + state) === 1) {
      distance = this.#rep2;
      if (this.#bit(IS_REP_G2 + state) === 1) {
        distance = this.#rep3;
        this.#rep3 = this.#rep2;
      }
      this.#rep2 = this.#rep1;
    }
    this.#rep1 = this.#rep0;
    this.#rep0 = distance;
  }

  #literal(): void {
    const position = this.#position();
    const previous = position === 0 ? 0 : this.#back(0);
    const context = ((position & this.#literalMask) << this.#literalBits) + (previous >> (8 - this.#literalBits));
    const table = LITERAL + 0x300 * context;
    let symbol = 1;
    if (this.#state >= 7) {
      // Behind a match, the byte that the match would have gone on with helps to guess this one, while it agrees.
      let match = this.#back(this.#rep0);
      while (symbol < 0x100) {
        const matchBit = (match >> 7) & 1;
        match <<= 1;
        const bit = this.#bit(table + ((1 + matchBit) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (bit !== matchBit) break;
      }
    }
    while (symbol < 0x100) symbol = (symbol << 1) | this.#bit(table + symbol);
    this.#output.bytes[this.#output.length++] = symbol;
    this.#state = this.#state < 4 ? 0 : this.#state < 10 ? this.#state - 3 : this.#state - 6;
  }

  #length(coder: number, positionState: number): number {
    if (this.#bit(coder) === 0) return 2 + this.#tree(coder + LOW + (positionState << 3), 3);
    if (this.#bit(coder + 1) === 0) return 10 + this.#tree(coder + MID + (positionState << 3), 3);
    return 18 + this.#tree(coder + HIGH, 8);
  }

  #distance(length: number): number {
    const slot = this.#tree(POS_SLOT + (Math.min(length - 2, 3) << 6), 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const base = ((2 | (slot & 1)) << bits) >>> 0;
    if (slot < 14) return base + this.#reverseTree(POS_SPECIAL + base - slot, bits);
    return base + this.#directBits(bits - 4) * 16 + this.#reverseTree(ALIGN, 4);
  }

  #copy(length: number, stop: number): void {
    const output = this.#output;
    if (this.#rep0 >= this.#position()) refuse("not xz: a reference before the beginning");
    if (length > stop - output.length) refuse("not xz: more output than stated");
    const { bytes } = output;
    let to = output.length;
    let from = to - this.#rep0 - 1;
    for (const end = to + length; to < end; to++, from++) bytes[to] = bytes[from] ?? 0; // they may overlap
    output.length = to;
  }

  #position(): number {
    return this.#output.length - this.#dictionaryStart;
  }

  #back(distance: number): number {
    return this.#output.bytes[this.#output.length - distance - 1] ?? 0;
  }

  // The range coder.

  #startRange(start: number, end: number): void {
    this.#at = start + 1; // the first byte is always zero
    this.#end = end;
    this.#range = 0xffff_ffff;
    this.#code = 0;
    for (let count = 0; count < 4; count++) this.#code = ((this.#code << 8) | this.#byte()) >>> 0;
  }

  #byte(): number {
    if (this.#at >= this.#end) refuse("the xz ends early");
    return this.#input[this.#at++] ?? 0;
  }

  #normalize(): void {
    if (this.#range >= 0x100_0000) return;
    this.#range = (this.#range << 8) >>> 0;
    this.#code = ((this.#code << 8) | this.#byte()) >>> 0;
  }

  #bit(index: number): 0 | 1 {
    this.#normalize();
    const probability = this.#probabilities[index] ?? 0;
    const bound = (this.#range >>> 11) * probability;
    if (this.#code < bound) {
      this.#range = bound;
      this.#probabilities[index] = probability + ((2048 - probability) >> 5);
      return 0;
    }
    this.#range -= bound;
    this.#code -= bound;
    this.#probabilities[index] = probability - (probability >> 5);
    return 1;
  }

  #tree(base: number, bits: number): number {
    let symbol = 1;
    for (let count = 0; count < bits; count++) symbol = (symbol << 1) | this.#bit(base + symbol);
    return symbol - (1 << bits);
  }

  #reverseTree(base: number, bits: number): number {
    let symbol = 1;
    let value = 0;
    for (let count = 0; count < bits; count++) {
      const bit = this.#bit(base + symbol);
      symbol = (symbol << 1) | bit;
      value |= bit << count;
    }
    return value;
  }

  #directBits(bits: number): number {
    let value = 0;
    for (let count = 0; count < bits; count++) {
      this.#normalize();
      this.#range >>>= 1;
      const bit = this.#code >= this.#range ? 1 : 0;
      if (bit === 1) this.#code -= this.#range;
      value = value * 2 + bit;
    }
    return value;
  }
}
