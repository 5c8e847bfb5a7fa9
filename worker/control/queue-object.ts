import { type Value, dict } from "../../lib/wire/python/value.ts";

/** A queue with a direct exchange of its own name, as `active_queues` shows it (Kombu 5.7, `Queue.as_dict`). */
export function queueObject(name: string): Value {
  return dict([
    ["name", name],
    [
      "exchange",
      dict([
        ["name", name],
        ["type", "direct"],
        ["arguments", null],
        ["durable", true],
        ["passive", false],
        ["auto_delete", false],
        ["delivery_mode", null],
        ["no_declare", false],
      ]),
    ],
    ["routing_key", name],
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
