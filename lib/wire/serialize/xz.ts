import { BoundedOutput } from "./bounded-output.ts";
import { LzmaDecoder } from "./lzma.ts";
import { refuse } from "../refused.ts";

const MAGIC = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];
const LZMA2 = 0x21;
/** Bytes of the check behind each block, by the number in the stream header. */
const CHECK_SIZES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];

/**
 * An xz stream (the .xz file format 1.2) with the LZMA2 filter alone, which is what Python's `lzma.compress` writes. The
 * checks are not verified, because what is read here has not travelled further than Redis. Written by hand because
 * every package either is asynchronous or cannot be bounded.
 */
export function unxz(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const output = new BoundedOutput(maxBytes);
  if (!MAGIC.every((byte, index) => bytes[index] === byte)) refuse("not xz");
  const checkSize = CHECK_SIZES[(bytes[7] ?? 0) & 0x0f] ?? 0;
  let at = 12;
  // A block header's size is never zero; the index, which follows the last block, begins with a zero.
  while (byteAt(bytes, at) !== 0) {
    const data = skipBlockHeader(bytes, at);
    const length = readChunks(bytes, data, output) - data;
    at = data + length + ((4 - (length % 4)) % 4) + checkSize;
  }
  return output.written();
}

/** Checks that LZMA2 is the only filter; returns where the block's data begin. */
function skipBlockHeader(bytes: Uint8Array, start: number): number {
  const flags = byteAt(bytes, start + 1);
  let at = start + 2;
  if (flags & 0x40) at = skipNumber(bytes, at); // compressed size
  if (flags & 0x80) at = skipNumber(bytes, at); // uncompressed size
  if ((flags & 0x03) !== 0 || byteAt(bytes, at) !== LZMA2) refuse("not xz as Python writes it: another filter");
  return start + (byteAt(bytes, start) + 1) * 4;
}

function skipNumber(bytes: Uint8Array, start: number): number {
  let at = start;
  while (byteAt(bytes, at) >= 0x80) at++;
  return at + 1;
}

/** Decodes the chunks of LZMA2 that begin at `start`; returns where they end. */
function readChunks(bytes: Uint8Array, start: number, output: BoundedOutput): number {
  const decoder = new LzmaDecoder(bytes, output);
  let at = start;
  for (;;) {
    const control = byteAt(bytes, at);
    if (control === 0) return at + 1;
    const isLzma = control >= 0x80;
    if (!isLzma && control > 2) refuse("not xz: an unknown chunk");
    if (control === 1 || control >= 0xe0) decoder.resetDictionary();
    if (!isLzma) {
      const size = uint16(bytes, at + 1) + 1;
      at = copyChunk(bytes, at + 3, size, output);
      continue;
    }
    const size = ((control & 0x1f) << 16) + uint16(bytes, at + 1) + 1;
    const packedSize = uint16(bytes, at + 3) + 1;
    at += 5;
    if (control >= 0xc0) decoder.setProperties(byteAt(bytes, at++));
    if (control >= 0xa0) decoder.resetState();
    if (at + packedSize > bytes.length) refuse("the xz ends early");
    decoder.decode(at, at + packedSize, size);
    at += packedSize;
  }
}

function copyChunk(bytes: Uint8Array, start: number, size: number, output: BoundedOutput): number {
  if (start + size > bytes.length) refuse("the xz ends early");
  output.reserve(size);
  output.bytes.set(bytes.subarray(start, start + size), output.length);
  output.length += size;
  return start + size;
}

function uint16(bytes: Uint8Array, at: number): number {
  return byteAt(bytes, at) * 256 + byteAt(bytes, at + 1);
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? refuse("the xz ends early");
}
