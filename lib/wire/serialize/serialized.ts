import type { Decoded } from "../decoded.ts";
import type { Value } from "../python/value.ts";
import { decodeJson } from "./json.ts";

/** Payload bytes by their content type (after base64 and decompression). */
export function decodeSerialized(
  _contentType: string,
  _contentEncoding: string | undefined,
  payload: Uint8Array,
): Decoded<Value> {
  return decodeJson(new TextDecoder().decode(payload));
}

/** A result-backend value, whose format nothing states: told by its first byte. */
export function detectSerialized(bytes: Uint8Array): Decoded<Value> {
  return decodeJson(new TextDecoder().decode(bytes));
}
