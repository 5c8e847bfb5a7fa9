import { brotliDecompressSync, constants, inflateSync, zstdDecompressSync } from "node:zlib";
import { type Decoded, decoded, undecodable } from "../decoded.ts";
import { bunzip2 } from "./bzip2.ts";
import { orRefused } from "../refused.ts";
import { unxz } from "./xz.ts";

/**
 * Undoes what Kombu (5.2 to 5.7, `kombu/compression.py`) names in `headers.compression`. More than `maxBytes` of output
 * is refused, and what is allocated on the way is bounded by it too.
 */
export function decompress(contentType: string, bytes: Uint8Array, maxBytes: number): Decoded<Uint8Array> {
  switch (contentType) {
    case "application/x-gzip": // the name says gzip, the content is a zlib stream
      return native(() => inflateSync(bytes, { maxOutputLength: maxBytes }), maxBytes);
    case "application/x-brotli":
      return native(() => brotliDecompressSync(bytes, { maxOutputLength: maxBytes }), maxBytes);
    case "application/zstd":
      return native(() => zstdDecompressSync(bytes, { maxOutputLength: maxBytes, params: ZSTD_WINDOW }), maxBytes);
    case "application/x-bz2":
      return orRefused(() => bunzip2(bytes, maxBytes));
    case "application/x-lzma":
      return orRefused(() => unxz(bytes, maxBytes));
    default:
      return undecodable("an unknown compression");
  }
}

/** A frame may ask for a window of 128 MB before its first byte; 8 MB is what every level below the last ones needs. */
const ZSTD_WINDOW = { [constants.ZSTD_d_windowLogMax]: 23 };

function native(work: () => Uint8Array, maxBytes: number): Decoded<Uint8Array> {
  try {
    return decoded(work());
  } catch (error) {
    const isTooLong = error instanceof RangeError;
    return undecodable(isTooLong ? `decompresses to more than ${maxBytes} bytes` : "damaged compressed data");
  }
}
