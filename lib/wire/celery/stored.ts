import type { Decoded } from "../decoded.ts";
import type { Value } from "../python/value.ts";
import { decompress } from "../serialize/compression.ts";
import { detectSerialized } from "../serialize/serialized.ts";

/** How much a stored value may grow when it is decompressed, in bytes. */
export type StoredLimits = { maxBytes: number };

const DEFAULT_LIMITS: StoredLimits = { maxBytes: 32 * 1024 * 1024 };

const MARK = Buffer.from("\0celery-compressed\0", "latin1");

/**
 * A value of the result backend: a meta, a saved group or a part of a chord. Its serializer is told by its first byte.
 * With `result_compression` (Celery 5.7) it begins with a mark and the content type of the compression.
 */
export function decodeStored(bytes: Uint8Array, limits: StoredLimits = DEFAULT_LIMITS): Decoded<Value> {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!all.subarray(0, MARK.length).equals(MARK)) return detectSerialized(bytes);
  const end = all.indexOf(0, MARK.length);
  const type = all.subarray(MARK.length, end < 0 ? MARK.length : end).toString("latin1");
  const plain = decompress(type, all.subarray(end + 1), limits.maxBytes);
  return plain.ok ? detectSerialized(plain.value) : plain;
}
