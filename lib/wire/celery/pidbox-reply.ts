import { type Decoded, decoded, undecodable } from "../decoded.ts";
import { type Value, get } from "../python/value.ts";
import { type BodyLimits, DEFAULT_BODY_LIMITS, decodeBody, decodeEnvelope } from "./envelope.ts";
import { numberField, textField } from "./fields.ts";
import { entriesOf, textOf } from "./value-fields.ts";

/** One node's answer to a remote control request. */
export type PidboxReply = {
  /** The request's; null when the reply has lost it. */
  ticket: string | null;
  /** Lamport clock of the node. */
  clock: number | null;
  node: string;
  /** As the command defines it, or what `readAnswer` reads. */
  payload: Value;
};

/** Replies are written by the worker's `task_serializer`, whatever the request was. A message holds one node as a rule. */
export function decodePidboxReply(text: string, limits: BodyLimits = DEFAULT_BODY_LIMITS): Decoded<PidboxReply[]> {
  const envelope = decodeEnvelope(text);
  if (!envelope.ok) return envelope;
  const body = decodeBody(envelope.value, limits);
  if (!body.ok) return undecodable(`a reply cannot be read: ${body.reason}`);
  const entries = entriesOf(body.value);
  if (entries.length === 0) return undecodable("a reply names no node");
  const { headers } = envelope.value;
  const ticket = textField(headers?.["ticket"]);
  const clock = numberField(headers?.["clock"]);
  return decoded(entries.map(([node, payload]) => ({ ticket, clock, node, payload })));
}

/** What a control command answered: `{"ok": …}` or `{"error": …}`; null when it is neither. */
export function readAnswer(payload: Value): { ok: true; text: string } | { ok: false; error: string } | null {
  const error = textOf(get(payload, "error"));
  if (error !== null) return { ok: false, error };
  const text = textOf(get(payload, "ok"));
  return text === null ? null : { ok: true, text };
}
