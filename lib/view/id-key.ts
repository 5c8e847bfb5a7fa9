const UUID_LENGTH = 36;

/** Value of each lower-case hex digit by character code; 16 for anything else. */
const DIGITS = new Uint8Array(128).fill(16);
for (const [value, digit] of [..."0123456789abcdef"].entries()) DIGITS[digit.charCodeAt(0)] = value;

const NOT_HEX = 1 << 16;

const BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/**
 * An id as four 32-bit words: the bytes of a canonical lower-case UUID, which is what Celery makes, or four hashes of any
 * other text. One key is read again and again, so that looking up an id leaves no garbage.
 */
export class IdKey {
  isUuid = false;
  a = 0;
  b = 0;
  c = 0;
  d = 0;

  #text: string | undefined;

  read(id: string): void {
    // A new task is looked up and added, and is mostly its own root.
    if (id === this.#text) return;
    this.#text = id;
    this.isUuid = id.length === UUID_LENGTH && this.#readUuid(id);
    if (!this.isUuid) this.#readHashes(id);
  }

  /** 32 well mixed bits. The seed keeps senders from choosing ids that collide. */
  hash(seed: number): number {
    return hashWords(seed, this.a, this.b, this.c, this.d);
  }

  #readUuid(id: string): boolean {
    const dashes = (id.charCodeAt(8) ^ 45) | (id.charCodeAt(13) ^ 45) | (id.charCodeAt(18) ^ 45) | (id.charCodeAt(23) ^ 45);
    if (dashes !== 0) return false;
    const one = fourDigits(id, 0);
    const two = fourDigits(id, 4);
    const three = fourDigits(id, 9);
    const four = fourDigits(id, 14);
    const five = fourDigits(id, 19);
    const six = fourDigits(id, 24);
    const seven = fourDigits(id, 28);
    const eight = fourDigits(id, 32);
    if ((one | two | three | four | five | six | seven | eight) >>> 16 !== 0) return false;
    this.a = ((one << 16) | two) >>> 0;
    this.b = ((three << 16) | four) >>> 0;
    this.c = ((five << 16) | six) >>> 0;
    this.d = ((seven << 16) | eight) >>> 0;
    return true;
  }

  #readHashes(id: string): void {
    let a = 0x9e3779b9;
    let b = 0x7f4a7c15;
    let c = 0x85ebca6b;
    let d = 0xc2b2ae35;
    for (let at = 0; at < id.length; at++) {
      const code = id.charCodeAt(at);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b ^ code ^ (a >>> 15), 0x85ebca77);
      c = Math.imul(c ^ code ^ (b >>> 13), 0x27d4eb2f);
      d = Math.imul(d ^ code ^ (c >>> 16), 0x165667b1);
    }
    this.a = a >>> 0;
    this.b = b >>> 0;
    this.c = c >>> 0;
    this.d = d >>> 0;
  }
}

/** The value of four hexadecimal digits; beyond 16 bits when they are not. */
function fourDigits(id: string, at: number): number {
  const one = id.charCodeAt(at);
  const two = id.charCodeAt(at + 1);
  const three = id.charCodeAt(at + 2);
  const four = id.charCodeAt(at + 3);
  if ((one | two | three | four) > 127) return NOT_HEX;
  const first = DIGITS[one]!;
  const second = DIGITS[two]!;
  const third = DIGITS[three]!;
  const fourth = DIGITS[four]!;
  return ((first | second | third | fourth) & 16) === 0 ? (first << 12) | (second << 8) | (third << 4) | fourth : NOT_HEX;
}

export function hashWords(seed: number, a: number, b: number, c: number, d: number): number {
  let hash = Math.imul(seed ^ a, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15) ^ b, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 13) ^ c, 0x27d4eb2f);
  hash = Math.imul(hash ^ (hash >>> 16) ^ d, 0x165667b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x9e3779b1);
  return (hash ^ (hash >>> 14)) >>> 0;
}

/** The canonical text of a UUID from its four words. */
export function uuidText(a: number, b: number, c: number, d: number): string {
  return `${hex(a >>> 16)}${hex(a)}-${hex(b >>> 16)}-${hex(b)}-${hex(c >>> 16)}-${hex(c)}${hex(d >>> 16)}${hex(d)}`;
}

function hex(word: number): string {
  return BYTES[(word >>> 8) & 0xff]! + BYTES[word & 0xff]!;
}

/** Which bits of a UUID's words a prefix of its canonical text fixes, or undefined when no UUID begins so. */
export function uuidPrefix(prefix: string): { values: Uint32Array; masks: Uint32Array } | undefined {
  if (prefix.length > UUID_LENGTH) return undefined;
  const values = new Uint32Array(4);
  const masks = new Uint32Array(4);
  let digits = 0;
  for (let at = 0; at < prefix.length; at++) {
    if (at === 8 || at === 13 || at === 18 || at === 23) {
      if (prefix[at] !== "-") return undefined;
      continue;
    }
    const value = DIGITS[prefix.charCodeAt(at)] ?? 16;
    if (value > 15) return undefined;
    const shift = 28 - 4 * (digits % 8);
    values[digits >>> 3]! |= value << shift;
    masks[digits >>> 3]! |= 15 << shift;
    digits++;
  }
  return { values, masks };
}
