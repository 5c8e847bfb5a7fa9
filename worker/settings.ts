import { redisDatabase } from "../lib/redis.ts";
import { CELERY_KEY_DEFAULTS, type CeleryKeyOptions, type CeleryKeys, celeryKeys } from "../lib/wire/celery/keys.ts";
import type { TaskOptions } from "./task/task-options.ts";
import { type Log, logLines } from "./log.ts";

/** What an application is told; everything else is Celery's own default. */
export interface CeleryOptions {
  /** URL of the broker's Redis, as `connectRedis` reads it. */
  broker: string;
  /** URL of the Redis that holds results: the broker's by default. */
  backend?: string;
  /** Where tasks go that name no queue, and what a worker consumes that names none: `celery`. */
  defaultQueue?: string;
  /** How keys and channels are called, where the fleet has changed it. */
  keys?: Partial<Omit<CeleryKeyOptions, "db">>;
  /** How long results are kept; a day by default, 0 for ever. */
  resultExpiresMs?: number;
  /** Whether results carry name, arguments, worker and queue of their task. */
  resultExtended?: boolean;
  /** Whether `task-sent` is published for every task sent from here. */
  sendSentEvents?: boolean;
  /** IANA name of the zone by whose clocks schedules go: UTC, as in Celery. */
  timezone?: string;
  /** What holds for tasks that say nothing else, such as `{ acksLate: true }`. */
  taskDefaults?: TaskOptions;
  /** Where lines of the log go; what went wrong to stderr by default. */
  log?: Log;
  /** How long a message may be held before any worker delivers it again: an hour, as in Celery. The same in the whole fleet. */
  visibilityTimeoutMs?: number;
}

export interface Settings {
  broker: string;
  backend: string;
  defaultQueue: string;
  keys: CeleryKeys;
  resultExpiresMs: number;
  resultExtended: boolean;
  sendSentEvents: boolean;
  timezone: string;
  taskDefaults: TaskOptions;
  log: Log;
  visibilityTimeoutMs: number;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Throws `bad-input` for a URL that cannot be read. */
export function settingsOf(options: CeleryOptions): Settings {
  return {
    broker: options.broker,
    backend: options.backend ?? options.broker,
    defaultQueue: options.defaultQueue ?? "celery",
    keys: celeryKeys({ ...CELERY_KEY_DEFAULTS, ...options.keys, db: redisDatabase(options.broker) }),
    resultExpiresMs: options.resultExpiresMs ?? DAY_MS,
    resultExtended: options.resultExtended ?? false,
    sendSentEvents: options.sendSentEvents ?? false,
    timezone: options.timezone ?? "UTC",
    taskDefaults: options.taskDefaults ?? {},
    log: options.log ?? logLines,
    visibilityTimeoutMs: options.visibilityTimeoutMs ?? HOUR_MS,
  };
}
