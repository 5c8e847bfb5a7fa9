import { type Decoded, decoded, undecodable } from "../decoded.ts";
import { parsePlainJson } from "../serialize/json.ts";
import { type Envelope, decodeEnvelope } from "./envelope.ts";
import { textField } from "./fields.ts";
import { sliceJsonArray } from "./json-array.ts";

/** A field of the `unacked` hash: a message that some worker took and has not acknowledged. */
export type UnackedMessage = {
  /** Its `raw` is the message exactly as it was taken. */
  envelope: Envelope;
  exchange: string | null;
  routingKey: string | null;
};

export function decodeUnacked(text: string): Decoded<UnackedMessage> {
  const parts = sliceJsonArray(text);
  const [raw, exchange, routingKey] = parts ?? [];
  if (raw === undefined) return undecodable("an unacknowledged message is no JSON list");
  const envelope = decodeEnvelope(raw);
  if (!envelope.ok) return envelope;
  return decoded({ envelope: envelope.value, exchange: textPart(exchange), routingKey: textPart(routingKey) });
}

function textPart(json: string | undefined): string | null {
  const value = parsePlainJson(json ?? "null");
  return value.ok ? textField(value.value) : null;
}
