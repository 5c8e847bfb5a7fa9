import { type Decoded, decoded, undecodable } from "../decoded.ts";
import { bytesValue } from "../python/bytes.ts";
import type { Value } from "../python/value.ts";
import { decompress } from "./compression.ts";
import { decodeJson } from "./json.ts";
import { decodeMsgpack } from "./msgpack.ts";
import { decodePickle } from "./pickle.ts";
import { decodeYaml } from "./yaml.ts";

/**
 * A payload, after base64 and decompression, by its content type (Kombu 5.2 to 5.7, `kombu/serialization.py`). The
 * content encoding is asked only for plain text. A signed payload has to be opened first.
 */
export function decodeSerialized(contentType: string, contentEncoding: string | undefined, payload: Uint8Array): Decoded<Value> {
  switch (contentType) {
    case "application/json":
      return fromText(payload, decodeJson);
    case "application/x-yaml":
      return fromText(payload, decodeYaml);
    case "application/x-msgpack":
      return decodeMsgpack(payload);
    case "application/x-python-serialize":
      return decodePickle(payload);
    case "text/plain":
      return fromText(payload, decoded, contentEncoding);
    case "application/data":
      return decoded(bytesValue(payload));
    default:
      return undecodable("an unknown content type");
  }
}

/** The most that a compressed result may become; a larger one is not shown. */
const MAX_RESULT_BYTES = 32 * 1024 * 1024;

/**
 * A value of the result backend, whose format nothing states: told by its first byte. Celery 5.7 may compress it
 * (`result_compression`, `COMPRESSED_PAYLOAD_MAGIC` in `celery/backends/base.py`).
 */
export function detectSerialized(bytes: Uint8Array): Decoded<Value> {
  if (bytes[0] !== 0) return detectPlain(bytes);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = buffer.indexOf(0, COMPRESSED.length);
  if (!buffer.subarray(0, COMPRESSED.length).equals(COMPRESSED) || end < 0) return undecodable("an unknown format");
  const contentType = buffer.toString("latin1", COMPRESSED.length, end);
  const plain = decompress(contentType, buffer.subarray(end + 1), MAX_RESULT_BYTES);
  return plain.ok ? detectPlain(plain.value) : plain;
}

const COMPRESSED = Buffer.from("\0celery-compressed\0");

function detectPlain(bytes: Uint8Array): Decoded<Value> {
  const [first = 0, second = 0] = bytes;
  if (first === 0x7b || first === 0x5b) return fromText(bytes, decodeJson);
  if (first === 0x80 && second >= 2 && second <= 5) return decodePickle(bytes);
  if ((first & 0xf0) === 0x80 || first === 0xde || first === 0xdf) return decodeMsgpack(bytes);
  return fromText(bytes, decodeYaml);
}

function fromText(bytes: Uint8Array, decode: (text: string) => Decoded<Value>, encoding = "utf-8"): Decoded<Value> {
  const text = textOf(bytes, encoding);
  return text === undefined ? undecodable("not text in its encoding") : decode(text);
}

function textOf(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // the bytes, or the encoding's name, are not what Python would take
  }
}
