import type { Value } from "./value.ts";

export function bytesValue(bytes: Uint8Array): Value {
  return { $: "bytes", base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64") };
}
