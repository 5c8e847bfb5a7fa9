import { type Decoded, undecodable } from "../decoded.ts";
import { type Value, dict, get } from "../python/value.ts";
import { decodeJson, encodeKombuJson } from "../serialize/json.ts";
import { isDict } from "./value-fields.ts";

/**
 * The message for another queue or priority: the delivery info names the anonymous exchange and the new queue, body and
 * delivery tag stay. A worker that restores it later puts it back into the new queue.
 */
export function moveEnvelope(raw: string, target: { queue: string; priority?: number }): Decoded<string> {
  return rewrite(raw, (message) => {
    const info = set(get(get(message, "properties"), "delivery_info"), "exchange", "");
    let properties = set(get(message, "properties"), "delivery_info", set(info, "routing_key", target.queue));
    if (target.priority !== undefined) properties = set(properties, "priority", target.priority);
    return set(message, "properties", properties);
  });
}

/** The message with the marks of one that was delivered before, as Kombu sets them when it restores one. */
export function redeliverEnvelope(raw: string): Decoded<string> {
  return rewrite(raw, (message) => {
    const properties = get(message, "properties");
    const info = set(get(properties, "delivery_info"), "redelivered", true);
    const marked = set(message, "headers", set(get(message, "headers"), "redelivered", true));
    return set(marked, "properties", set(properties, "delivery_info", info));
  });
}

function rewrite(raw: string, change: (message: Value) => Value): Decoded<string> {
  const message = decodeJson(raw);
  if (!message.ok) return message;
  if (!isDict(get(message.value, "properties"))) return undecodable("the message has no properties");
  return encodeKombuJson(change(message.value));
}

/** A copy of the dict with the entry in its old place, or at the end; of anything else a dict with it alone. */
function set(value: Value | undefined, key: string, entry: Value): Value {
  const items = isDict(value) ? value.items : [];
  if (!items.some(([name]) => name === key)) return dict([...items, [key, entry]]);
  return dict(items.map(([name, old]) => [name, name === key ? entry : old] as const));
}
