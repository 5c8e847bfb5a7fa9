const UNIT = 16;
const CHUNK_BYTES = 1 << 18;
const UNITS_PER_CHUNK = CHUNK_BYTES / UNIT;
const WIDE = 0x8000_0000;

/** Where a text lies. Two 32-bit words, so that they fit into columns. */
export interface TextPlace {
  unit: number;
  /** Bytes, with the top bit set when the text takes two bytes a character. */
  length: number;
}

/**
 * Texts outside the JavaScript heap: a million strings would cost the garbage collector more than they are worth. A freed
 * place is reused only for a text of the same size in units of 16 bytes, which ids mostly have.
 */
export class TextArena {
  readonly #chunks: Buffer[] = [];
  /** Free units by size. */
  readonly #free = new Map<number, number[]>();
  #end = 0;

  put(text: string): TextPlace {
    const wide = isWide(text);
    const length = wide ? text.length * 2 : text.length;
    const unit = this.#allocate(unitsOf(length));
    this.#chunkOf(unit).write(text, offsetOf(unit), wide ? "utf16le" : "latin1");
    return { unit, length: wide ? (length | WIDE) >>> 0 : length };
  }

  get(unit: number, length: number): string {
    const wide = length >= WIDE;
    const from = offsetOf(unit);
    const bytes = wide ? length - WIDE : length;
    return this.#chunkOf(unit).toString(wide ? "utf16le" : "latin1", from, from + bytes);
  }

  free(unit: number, length: number): void {
    const units = unitsOf(length >= WIDE ? length - WIDE : length);
    const list = this.#free.get(units);
    if (list === undefined) this.#free.set(units, [unit]);
    else list.push(unit);
  }

  get bytes(): number {
    return this.#chunks.length * CHUNK_BYTES;
  }

  #allocate(units: number): number {
    const reused = this.#free.get(units)?.pop();
    if (reused !== undefined) return reused;
    // A text never lies across two chunks; the rest of the old one is given up.
    if (this.#end + units > this.#chunks.length * UNITS_PER_CHUNK) {
      this.#end = this.#chunks.length * UNITS_PER_CHUNK;
      const needed = Math.ceil(units / UNITS_PER_CHUNK);
      const memory = Buffer.from(new SharedArrayBuffer(needed * CHUNK_BYTES));
      for (let part = 0; part < needed; part++) this.#chunks.push(memory);
    }
    const unit = this.#end;
    this.#end = units > UNITS_PER_CHUNK ? this.#chunks.length * UNITS_PER_CHUNK : unit + units;
    return unit;
  }

  #chunkOf(unit: number): Buffer {
    return this.#chunks[Math.floor(unit / UNITS_PER_CHUNK)]!;
  }
}

function offsetOf(unit: number): number {
  return (unit % UNITS_PER_CHUNK) * UNIT;
}

function unitsOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / UNIT));
}

function isWide(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0xff) return true;
  return false;
}
