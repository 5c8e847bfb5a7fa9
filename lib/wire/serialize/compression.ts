import { type Decoded, undecodable } from "../decoded.ts";

/** `contentType` is `headers.compression`; more than `maxBytes` of output is an error, never an allocation. */
export function decompress(
  contentType: string,
  bytes: Uint8Array,
  maxBytes: number,
): Decoded<Uint8Array> {
  return undecodable(`not read yet: ${contentType} of ${bytes.length} bytes, bound ${maxBytes}`);
}
