import { hashWords, IdKey, uuidPrefix, uuidText } from "./id-key.ts";
import { TextArena } from "./text-arena.ts";

const CELLS = 65_536;
const FIRST_SLOTS = 1 << 12;
const FULL = 0.7;
/** Cells of the old table that are moved with each new id: enough to be done long before the new table is full. */
const MOVED_AT_ONCE = 16;
const EMPTY = 0;
const GONE = 0xffff_ffff;
const OTHER_TEXT = 0x8000_0000;

/** What is kept of 65,536 ids. */
class Cells {
  /** Four words each: a UUID's bytes; or of another text its unit and length in the arena and two hashes. */
  readonly words = new Uint32Array(new SharedArrayBuffer(CELLS * 16));
  /** Uses, with the top bit set when the id is no UUID. */
  readonly uses = new Uint32Array(new SharedArrayBuffer(CELLS * 4));
  /** Row of the task with this id plus one, or 0. */
  readonly rows = new Uint32Array(new SharedArrayBuffer(CELLS * 4));
}

/**
 * Ids and the rows of their tasks. An id has a number as long as somebody uses it: its own row, or a row that names it as
 * parent, root or group. Numbers begin at 1 and stand in columns where the text would be too large. Growing never stops
 * the world: the new table is filled step by step, while the old one is still asked.
 */
export class IdIndex {
  readonly #key = new IdKey();
  readonly #arena = new TextArena();
  readonly #seed = Math.floor(Math.random() * 0x1_0000_0000);
  readonly #cells: Cells[] = [];
  #table = new Uint32Array(FIRST_SLOTS);
  /** The table before the last growth, until all of it has moved. */
  #old: Uint32Array | undefined;
  #moved = 0;
  #size = 0;
  #end = 1;
  #freeNumber = 0;

  get size(): number {
    return this.#size;
  }

  /** Numbers are below this. */
  get end(): number {
    return this.#end;
  }

  get bytes(): number {
    return this.#cells.length * CELLS * 24 + this.#arena.bytes + this.#table.byteLength + (this.#old?.byteLength ?? 0);
  }

  /** The number of an id, or 0. */
  find(id: string): number {
    this.#key.read(id);
    return this.#lookUp(id, this.#key.hash(this.#seed));
  }

  /** The number of an id, with one use more. */
  acquire(id: string): number {
    this.#key.read(id);
    const hash = this.#key.hash(this.#seed);
    let number = this.#lookUp(id, hash);
    if (number === 0) {
      number = this.#add(id);
      this.#makeRoom();
      insert(this.#table, hash, number);
      this.#size++;
    }
    this.retain(number);
    return number;
  }

  retain(number: number): void {
    this.#cellsOf(number).uses[number % CELLS]!++;
  }

  /** One use less; with the last one the number becomes free for another id. */
  release(number: number): void {
    const cells = this.#cellsOf(number);
    const at = number % CELLS;
    const uses = --cells.uses[at]!;
    if ((uses & ~OTHER_TEXT) !== 0) return;
    const hash = this.#hashOf(number);
    if (!this.#remove(this.#table, hash, number) && this.#old !== undefined) bury(this.#old, hash, number);
    if (uses >>> 31 === 1) this.#arena.free(cells.words[at * 4]!, cells.words[at * 4 + 1]!);
    cells.uses[at] = 0;
    cells.rows[at] = 0;
    cells.words[at * 4] = this.#freeNumber;
    this.#freeNumber = number;
    this.#size--;
  }

  text(number: number): string {
    const { words, uses } = this.#cellsOf(number);
    const at = (number % CELLS) * 4;
    const a = words[at]!;
    const b = words[at + 1]!;
    if (uses[number % CELLS]! >= OTHER_TEXT) return this.#arena.get(a, b);
    return uuidText(a, b, words[at + 2]!, words[at + 3]!);
  }

  /** A test for numbers of ids that begin so; it costs no text for a UUID. */
  prefixTest(prefix: string): (number: number) => boolean {
    const bits = uuidPrefix(prefix);
    return (number) => {
      const { words, uses } = this.#cellsOf(number);
      const at = (number % CELLS) * 4;
      if (uses[number % CELLS]! >= OTHER_TEXT) return this.text(number).startsWith(prefix);
      if (bits === undefined) return false;
      for (let word = 0; word < 4; word++) if (((words[at + word]! ^ bits.values[word]!) & bits.masks[word]!) !== 0) return false;
      return true;
    };
  }

  /** The row of the task with this id, or -1. */
  row(number: number): number {
    return this.#cellsOf(number).rows[number % CELLS]! - 1;
  }

  /** -1 for none. */
  setRow(number: number, row: number): void {
    this.#cellsOf(number).rows[number % CELLS] = row + 1;
  }

  /** Some fixed order of ids, the same wherever it is asked; `right` may be unknown here. Negative, 0 or positive. */
  compare(left: number, right: IdKey, rightText: string): number {
    const { words, uses } = this.#cellsOf(left);
    const isUuid = uses[left % CELLS]! < OTHER_TEXT;
    if (isUuid !== right.isUuid) return isUuid ? -1 : 1;
    if (!isUuid) return compareTexts(this.text(left), rightText);
    const at = (left % CELLS) * 4;
    return words[at]! - right.a || words[at + 1]! - right.b || words[at + 2]! - right.c || words[at + 3]! - right.d;
  }

  /** The same order between two ids that are known. */
  compareNumbers(left: number, right: number): number {
    const cells = this.#cellsOf(left);
    const others = this.#cellsOf(right);
    const isUuid = cells.uses[left % CELLS]! < OTHER_TEXT;
    const otherIsUuid = others.uses[right % CELLS]! < OTHER_TEXT;
    if (isUuid !== otherIsUuid) return isUuid ? -1 : 1;
    if (!isUuid) return compareTexts(this.text(left), this.text(right));
    for (let word = 0; word < 4; word++) {
      const order = cells.words[(left % CELLS) * 4 + word]! - others.words[(right % CELLS) * 4 + word]!;
      if (order !== 0) return order;
    }
    return 0;
  }

  #cellsOf(number: number): Cells {
    return this.#cells[number >>> 16]!;
  }

  #lookUp(id: string, hash: number): number {
    const found = this.#search(this.#table, id, hash);
    return found !== 0 || this.#old === undefined ? found : this.#search(this.#old, id, hash);
  }

  #search(table: Uint32Array, id: string, hash: number): number {
    const mask = table.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const number = table[at]!;
      if (number === EMPTY) return 0;
      if (number !== GONE && this.#is(number, id)) return number;
    }
  }

  #is(number: number, id: string): boolean {
    const key = this.#key;
    const { words, uses } = this.#cellsOf(number);
    const at = (number % CELLS) * 4;
    if (words[at + 2] !== key.c || words[at + 3] !== key.d) return false;
    if (uses[number % CELLS]! < OTHER_TEXT) return key.isUuid && words[at] === key.a && words[at + 1] === key.b;
    return !key.isUuid && this.#arena.get(words[at]!, words[at + 1]!) === id;
  }

  #hashOf(number: number): number {
    const { words, uses } = this.#cellsOf(number);
    if (uses[number % CELLS]! >= OTHER_TEXT) {
      this.#key.read(this.text(number));
      return this.#key.hash(this.#seed);
    }
    const at = (number % CELLS) * 4;
    return hashWords(this.#seed, words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
  }

  #add(id: string): number {
    const number = this.#freeNumber === 0 ? this.#end++ : this.#freeNumber;
    if (number >>> 16 === this.#cells.length) this.#cells.push(new Cells());
    const { words, uses } = this.#cellsOf(number);
    const at = (number % CELLS) * 4;
    if (number === this.#freeNumber) this.#freeNumber = words[at]!;
    const key = this.#key;
    const place = key.isUuid ? undefined : this.#arena.put(id);
    uses[number % CELLS] = key.isUuid ? 0 : OTHER_TEXT;
    words[at] = place?.unit ?? key.a;
    words[at + 1] = place?.length ?? key.b;
    words[at + 2] = key.c;
    words[at + 3] = key.d;
    return number;
  }

  #makeRoom(): void {
    if (this.#old !== undefined) this.#moveSome(this.#old);
    else if (this.#size >= this.#table.length * FULL) {
      this.#old = this.#table;
      this.#table = new Uint32Array(this.#old.length * 2);
      this.#moved = 0;
    }
  }

  #moveSome(old: Uint32Array): void {
    const end = Math.min(this.#moved + MOVED_AT_ONCE, old.length);
    for (; this.#moved < end; this.#moved++) {
      const number = old[this.#moved]!;
      if (number === EMPTY || number === GONE) continue;
      insert(this.#table, this.#hashOf(number), number);
      // Not EMPTY: what lies behind it must still be found.
      old[this.#moved] = GONE;
    }
    if (end === old.length) this.#old = undefined;
  }

  /** Closes the gap that it leaves, so that the table never fills up with graves. */
  #remove(table: Uint32Array, hash: number, number: number): boolean {
    const mask = table.length - 1;
    let gap = hash & mask;
    while (table[gap] !== number) {
      if (table[gap] === EMPTY) return false;
      gap = (gap + 1) & mask;
    }
    for (let at = (gap + 1) & mask; table[at] !== EMPTY; at = (at + 1) & mask) {
      const home = this.#hashOf(table[at]!) & mask;
      if (((at - home) & mask) < ((at - gap) & mask)) continue;
      table[gap] = table[at]!;
      gap = at;
    }
    table[gap] = EMPTY;
    return true;
  }
}

function insert(table: Uint32Array, hash: number, number: number): void {
  const mask = table.length - 1;
  let at = hash & mask;
  while (table[at] !== EMPTY) at = (at + 1) & mask;
  table[at] = number;
}

function bury(table: Uint32Array, hash: number, number: number): void {
  const mask = table.length - 1;
  for (let at = hash & mask; table[at] !== EMPTY; at = (at + 1) & mask) {
    if (table[at] !== number) continue;
    table[at] = GONE;
    return;
  }
}

function compareTexts(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
