import { displayUrl } from "../../lib/redis.ts";
import type { Value } from "../../lib/wire/python/value.ts";
import type { Node } from "./node.ts";

/** The settings that an application has changed, under Celery's names; passwords are masked. */
export function confTable({ settings }: Pick<Node, "settings">): [string, Value][] {
  const table: [string, Value][] = [
    ["broker_url", displayUrl(settings.broker)],
    ["result_backend", displayUrl(settings.backend)],
    ["deprecated_settings", null],
    ["accept_content", ["json", "msgpack", "yaml"]],
    ["task_default_queue", settings.defaultQueue],
    ["result_extended", settings.resultExtended],
    ["task_send_sent_event", settings.sendSentEvents],
    ["result_expires", settings.resultExpiresMs / 1000],
  ];
  return table;
}
