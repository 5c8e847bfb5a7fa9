const LARGEST_FACTOR = 2 ** 49;
const WIDEST_DELTA = 2 ** 50;

/** Bytes ended too early, or say something impossible. Never leaves the codec: `segment.ts` turns it into a result. */
export class CorruptBytes extends Error {}

/** A growing buffer. Integers are varints (seven bits a byte, low ones first) and may be as large as 2^53 - 1. */
export class ByteWriter {
  #bytes: Buffer;
  length = 0;

  constructor(capacity = 256) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.length++] = value;
  }

  varint(value: number): void {
    this.#reserve(8);
    const bytes = this.#bytes;
    let rest = value;
    while (rest >= 0x8000_0000) {
      bytes[this.length++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest >= 0x80) {
      bytes[this.length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[this.length++] = rest;
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.length = this.#bytes.writeUInt32LE(value >>> 0, this.length);
  }

  /**
   * A number as its difference from `base`, in units of 1/`scale`; one that is no whole number of them is written exactly,
   * as eight bytes. Answers the base for the next number.
   */
  delta(value: number, base: number, scale: number): number {
    // Adding 0 turns -0 into 0, which then is not the value and goes the exact way.
    const units = Math.round(value * scale) + 0;
    const delta = units - base;
    if (Number.isSafeInteger(units) && Math.abs(delta) < WIDEST_DELTA && Object.is(units / scale, value)) {
      this.varint(2 * (delta < 0 ? -2 * delta - 1 : 2 * delta));
      return units;
    }
    this.varint(1);
    this.#reserve(8);
    this.length = this.#bytes.writeDoubleLE(value, this.length);
    return base;
  }

  /** A length, then the text: in UTF-8, or in UTF-16 when it holds half of a surrogate pair. */
  text(text: string, lengths: ByteWriter = this): void {
    const encoding = text.isWellFormed() ? "utf8" : "utf16le";
    const size = Buffer.byteLength(text, encoding);
    lengths.varint(encoding === "utf8" ? size * 2 : size * 2 + 1);
    this.#reserve(size);
    this.length += this.#bytes.write(text, this.length, encoding);
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** What was written: a view, valid until the next write. */
  written(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  #reserve(size: number): void {
    if (this.length + size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.length + size));
    larger.set(this.#bytes.subarray(0, this.length));
    this.#bytes = larger;
  }
}

/** Reads what `ByteWriter` wrote. Throws `CorruptBytes` at the end of its bytes. */
export class ByteReader {
  readonly bytes: Buffer;
  readonly end: number;
  at: number;
  /** The base that the next `delta` adds to, kept here because each column has its own. */
  base = 0;

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    if (at < 0 || end > bytes.length || at > end) throw new CorruptBytes("a length leads beyond the end");
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  byte(): number {
    if (this.at >= this.end) throw new CorruptBytes("the bytes end too early");
    return this.bytes[this.at++] ?? 0;
  }

  varint(): number {
    let byte = this.byte();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let factor = 128; factor <= LARGEST_FACTOR; factor *= 128) {
      byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
    }
    throw new CorruptBytes("an integer is too large");
  }

  uint32(): number {
    return this.#take(4).readUInt32LE(0);
  }

  /** Adds to `base`, and moves it, as `ByteWriter.delta` did. */
  delta(scale: number): number {
    const code = this.varint();
    if ((code & 1) === 1) return this.#take(8).readDoubleLE(0);
    // Not with shifts: codes are wider than 32 bits.
    const zigzag = code / 2;
    this.base += zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    return this.base / scale;
  }

  text(lengths: ByteReader = this): string {
    const code = lengths.varint();
    const wide = code % 2 === 1;
    const bytes = this.#take(Math.floor(code / 2));
    return bytes.toString(wide ? "utf16le" : "utf8");
  }

  /** The next so many bytes, as a reader of their own. */
  part(size: number): ByteReader {
    const begin = this.at;
    this.skip(size);
    return new ByteReader(this.bytes, begin, this.at);
  }

  skip(size: number): void {
    if (size > this.end - this.at) throw new CorruptBytes("a length leads beyond the end");
    this.at += size;
  }

  #take(size: number): Buffer {
    const begin = this.at;
    this.skip(size);
    return this.bytes.subarray(begin, this.at);
  }
}
