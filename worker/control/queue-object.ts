import { type Value, dict } from "../../lib/wire/python/value.ts";
import type { Route } from "../broker/bindings.ts";

/** A queue at a direct exchange, as `active_queues` shows it (Kombu 5.7, `Queue.as_dict`). */
export function queueObject(name: string, { exchange, routingKey }: Route): Value {
  return dict([
    ["name", name],
    [
      "exchange",
      dict([
        ["name", exchange],
        ["type", "direct"],
        ["arguments", null],
        ["durable", true],
        ["passive", false],
        ["auto_delete", false],
        ["delivery_mode", null],
        ["no_declare", false],
      ]),
    ],
    ["routing_key", routingKey],
    ["queue_arguments", null],
    ["binding_arguments", null],
    ["consumer_arguments", null],
    ["durable", true],
    ["exclusive", false],
    ["auto_delete", false],
    ["no_ack", false],
    ["alias", null],
    ["bindings", []],
    ["no_declare", null],
    ["expires", null],
    ["message_ttl", null],
    ["max_length", null],
    ["max_length_bytes", null],
    ["max_priority", null],
  ]);
}
