import { type Decoded, decoded, undecodable } from "../decoded.ts";
import { type Value, dict, get } from "../python/value.ts";
import { encodeKombuJson } from "../serialize/json.ts";
import { encodeEnvelope } from "./encode-envelope.ts";
import { decodeBody, decodeEnvelope } from "./envelope.ts";
import { numberField } from "./fields.ts";
import { entriesOf, isDict, textOf, textsOf } from "./value-fields.ts";

/** A remote control request as a node hears it (Celery 5.2 to 5.7). */
export type PidboxCall = {
  method: string;
  arguments: [string, Value][];
  /** Names of the nodes that are meant; none for all, or for those that the pattern matches. */
  destination: string[];
  /** With how to read it: `glob`, or `pcre` for a regular expression that matches from the start. Both or none. */
  pattern: { text: string; matcher: string } | null;
  /** Comes back in the reply. */
  ticket: string | null;
  /** Where the reply goes; null when none is wanted. The empty exchange means the list of the routing key's name. */
  replyTo: { exchange: string; routingKey: string } | null;
  /** Lamport clock of the sender. */
  clock: number;
};

/** Fails for what is no request. Nothing that a stranger publishes may stop a node from hearing the next one. */
export function decodePidboxCall(text: string): Decoded<PidboxCall> {
  const envelope = decodeEnvelope(text);
  if (!envelope.ok) return envelope;
  const body = decodeBody(envelope.value);
  if (!body.ok) return body;
  const method = textOf(get(body.value, "method"));
  if (method === null) return undecodable("the request names no method");
  const given = get(body.value, "arguments") ?? null;
  if (given !== null && !isDict(given)) return undecodable("the request's arguments are no object");
  const pattern = textOf(get(body.value, "pattern"));
  const matcher = textOf(get(body.value, "matcher"));
  const replyTo = get(body.value, "reply_to");
  const routingKey = textOf(get(replyTo, "routing_key"));
  return decoded({
    method,
    arguments: entriesOf(given),
    destination: textsOf(get(body.value, "destination")),
    pattern: pattern && matcher ? { text: pattern, matcher } : null,
    ticket: textOf(get(body.value, "ticket")),
    replyTo: routingKey === null ? null : { exchange: textOf(get(replyTo, "exchange")) ?? "", routingKey },
    clock: numberField(envelope.value.headers?.["clock"]) ?? 0,
  });
}

/** Whether a request is meant for a node. */
export function isMeantFor(call: PidboxCall, node: string): boolean {
  if (call.destination.length > 0) return call.destination.includes(node);
  if (call.pattern === null) return true;
  const { text, matcher } = call.pattern;
  return matches(matcher === "glob" ? globExpression(text) : matcher === "pcre" ? `^(?:${text})` : null, node);
}

function matches(expression: string | null, node: string): boolean {
  try {
    return expression !== null && new RegExp(expression, "s").test(node);
  } catch {
    return false; // no regular expression, as a node in Python finds too
  }
}

/** The shell's wildcards as Python's `fnmatch` reads them. */
function globExpression(glob: string): string {
  const parts = glob.replace(/\[(!?)(\]?[^\]]*)\]|[^]/g, (part: string, not: string | undefined, set: string | undefined) => {
    if (part === "*") return ".*";
    if (part === "?") return ".";
    if (set !== undefined && set !== "") return `[${not === "!" ? "^" : ""}${set.replace(/[\\[\]^]/g, "\\$&")}]`;
    return part.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  });
  return `^(?:${parts})$`;
}

export type PidboxReplyToSend = {
  node: string;
  /** What the command answers. */
  payload: Value;
  call: Pick<PidboxCall, "ticket"> & { replyTo: { exchange: string; routingKey: string } };
  clock: number;
  deliveryTag: string;
};

/** One node's answer, for LPUSH to the list that the request named or that is bound to its exchange (Celery 5.2 to 5.7). */
export function encodePidboxReply({ node, payload, call, clock, deliveryTag }: PidboxReplyToSend): Decoded<string> {
  const body = encodeKombuJson(dict([[node, payload]]));
  if (!body.ok) return body;
  return encodeEnvelope({
    bodyJson: body.value,
    headers: [
      ["ticket", call.ticket],
      ["clock", clock],
    ],
    deliveryMode: 1,
    exchange: call.replyTo.exchange,
    routingKey: call.replyTo.routingKey,
    priority: 0,
    deliveryTag,
  });
}
