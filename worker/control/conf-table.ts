import { displayUrl } from "../../lib/redis.ts";
import type { Value } from "../../lib/wire/python/value.ts";
import type { Node } from "./node.ts";

const DAY_MS = 86_400_000;

/** What Celery has where an application has said nothing, as far as this worker does the same. */
const DEFAULTS: readonly [string, Value][] = [
  ["task_default_queue", "celery"],
  ["result_extended", false],
  ["task_send_sent_event", false],
  ["result_expires", "1 day, 0:00:00"],
  ["task_serializer", "json"],
  ["result_serializer", "json"],
  ["worker_prefetch_multiplier", 4],
  ["enable_utc", true],
  ["timezone", "UTC"],
];

/** The settings that an application has changed, under Celery's names, and the defaults when asked; passwords are masked. */
export function confTable({ settings }: Pick<Node, "settings">, withDefaults = false): [string, Value][] {
  const { broker, backend, defaultQueue, resultExtended, sendSentEvents, resultExpiresMs } = settings;
  const changed: [string, Value][] = [
    ["broker_url", maskedUrl(broker)],
    ["result_backend", displayUrl(backend)],
    ["deprecated_settings", null],
    ["accept_content", ["json", "msgpack", "yaml"]],
    ...(defaultQueue === "celery" ? [] : [["task_default_queue", defaultQueue] as [string, Value]]),
    ...(resultExtended ? [["result_extended", true] as [string, Value]] : []),
    ...(sendSentEvents ? [["task_send_sent_event", true] as [string, Value]] : []),
    ...(resultExpiresMs === DAY_MS ? [] : [["result_expires", resultExpiresMs / 1000] as [string, Value]]),
  ];
  return withDefaults ? [...new Map([...DEFAULTS, ...changed])] : changed;
}

/** Kombu shows a password, even where there is none. */
function maskedUrl(url: string): string {
  return displayUrl(url).replace(/^(\w+:\/\/)(?:([^@/]*?)(?::?\*+)?@)?/, "$1$2:********@");
}
