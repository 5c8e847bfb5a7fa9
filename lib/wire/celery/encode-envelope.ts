import type { Decoded } from "../decoded.ts";
import { type Value, dict } from "../python/value.ts";
import { encodeKombuJson } from "../serialize/json.ts";

/** One Kombu message with a JSON body. Ids and tags are the caller's, so that nothing here depends on chance. */
export type EnvelopeToSend = {
  /** JSON text of the body; it goes into the message as it is. */
  bodyJson: string;
  headers: readonly [string, Value][];
  /** Properties of the sender's own, such as `correlation_id`. */
  properties?: readonly [string, Value][];
  /** 2 for tasks and requests, 1 for events and replies; without effect on Redis. */
  deliveryMode: 1 | 2;
  /** Milliseconds, where the message expires; without effect on Redis. */
  expiration?: number | null;
  exchange: string;
  routingKey: string;
  priority: number;
  deliveryTag: string;
};

/** The message byte for byte as Kombu 5.2 to 5.7 write one, with its keys in their order. */
export function encodeEnvelope(envelope: EnvelopeToSend): Decoded<string> {
  const { expiration = null } = envelope;
  return encodeKombuJson(
    dict([
      ["body", Buffer.from(envelope.bodyJson, "utf8").toString("base64")],
      ["content-encoding", "utf-8"],
      ["content-type", "application/json"],
      ["headers", dict(envelope.headers)],
      [
        "properties",
        dict([
          ...(envelope.properties ?? []),
          ["delivery_mode", envelope.deliveryMode],
          ...(expiration === null ? [] : [["expiration", String(Math.trunc(expiration))] as const]),
          [
            "delivery_info",
            dict([
              ["exchange", envelope.exchange],
              ["routing_key", envelope.routingKey],
            ]),
          ],
          ["priority", envelope.priority],
          ["body_encoding", "base64"],
          ["delivery_tag", envelope.deliveryTag],
        ]),
      ],
    ]),
  );
}
