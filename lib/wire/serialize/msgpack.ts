import { type Decoded, undecodable } from "../decoded.ts";
import type { Value } from "../python/value.ts";

export function decodeMsgpack(bytes: Uint8Array): Decoded<Value> {
  return undecodable(`not read yet: msgpack of ${bytes.length} bytes`);
}
