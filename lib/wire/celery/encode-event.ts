import { type Decoded, undecodable } from "../decoded.ts";
import { floatValue } from "../python/number.ts";
import { type Value, dict } from "../python/value.ts";
import { encodeKombuJson } from "../serialize/json.ts";
import { encodeEnvelope } from "./encode-envelope.ts";

/** An event as `celery.events.EventDispatcher` makes it, before it is published. */
export type EventToSend = {
  /** `group-subject`, such as `task-started`. */
  type: string;
  /** Node name, or `gen123@host` of a client. */
  hostname: string;
  pid: number;
  /** Lamport clock of the sender. */
  clock: number;
  /** Epoch ms, microseconds as fraction. */
  at: number;
  /** Hours west of UTC: what `getTimezoneOffset()` answers, in hours. */
  utcOffset: number;
  /** What this type of event carries, in Celery's words. */
  fields: readonly [string, Value][];
};

export type EventTarget = {
  /** Name of the exchange: `celeryev` by default. */
  exchange: string;
  deliveryTag: string;
};

/** One event alone, as worker events, `task-sent` and custom events are published (Celery 5.7), and its routing key. */
export function encodeEvent(event: EventToSend, target: EventTarget): Decoded<{ routingKey: string; message: string }> {
  return publication(eventValue(event), event.type.replaceAll("-", "."), event.hostname, target);
}

/** The events that a worker collected within one turn of its loop: a list under `<group>.multi` (Celery 5.7). */
export function encodeEventBatch(
  group: string,
  events: readonly EventToSend[],
  target: EventTarget,
): Decoded<{ routingKey: string; message: string }> {
  const [first] = events;
  if (first === undefined) return undecodable("a batch holds no event");
  return publication(events.map(eventValue), `${group}.multi`, first.hostname, target);
}

function publication(
  body: Value,
  routingKey: string,
  hostname: string,
  { exchange, deliveryTag }: EventTarget,
): Decoded<{ routingKey: string; message: string }> {
  const bodyJson = encodeKombuJson(body);
  if (!bodyJson.ok) return bodyJson;
  const message = encodeEnvelope({
    bodyJson: bodyJson.value,
    headers: [["hostname", hostname]],
    deliveryMode: 1,
    exchange,
    routingKey,
    priority: 0,
    deliveryTag,
  });
  return message.ok ? { ok: true, value: { routingKey, message: message.value } } : message;
}

function eventValue(event: EventToSend): Value {
  return dict([
    ["hostname", event.hostname],
    ["utcoffset", floatValue(event.utcOffset)],
    ["pid", event.pid],
    ["clock", event.clock],
    ...event.fields,
    ["timestamp", floatValue(event.at / 1000)],
    ["type", event.type],
  ]);
}
