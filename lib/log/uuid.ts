import type { ByteReader, ByteWriter } from "./bytes.ts";

export const UUID_BYTES = 16;

const DASHES = [8, 13, 18, 23];
const DASH = 0x2d;
const NO_DIGIT = 16;
const DIGITS = Buffer.from("0123456789abcdef");
const VALUE_OF_CODE = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = DIGITS.indexOf(code);
  return value === -1 ? NO_DIGIT : value;
});
const scratch = Buffer.alloc(36, DASH);

/** Writes a UUID in its usual form (lower case, with dashes) as 16 bytes. Answers false, and writes nothing, for another text. */
export function writeUuid(text: string, to: ByteWriter): boolean {
  if (text.length !== 36) return false;
  for (const place of DASHES) if (text.charCodeAt(place) !== DASH) return false;
  const bytes = scratchBytes;
  let at = 0;
  for (let i = 0; i < 36; i += 2) {
    if (i === 8 || i === 13 || i === 18 || i === 23) i++;
    const high = VALUE_OF_CODE[text.charCodeAt(i)] ?? NO_DIGIT;
    const low = VALUE_OF_CODE[text.charCodeAt(i + 1)] ?? NO_DIGIT;
    if (high === NO_DIGIT || low === NO_DIGIT) return false;
    bytes[at++] = high * 16 + low;
  }
  to.append(bytes);
  return true;
}

const scratchBytes = Buffer.alloc(UUID_BYTES);

export function readUuid(from: ByteReader): string {
  const { bytes } = from;
  let at = from.at;
  for (let i = 0; i < 36; i += 2) {
    if (i === 8 || i === 13 || i === 18 || i === 23) i++;
    const byte = bytes[at++] ?? 0;
    scratch[i] = DIGITS[byte >> 4] ?? 0;
    scratch[i + 1] = DIGITS[byte & 15] ?? 0;
  }
  return scratch.toString("latin1");
}
