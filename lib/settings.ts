import { z } from "zod";
import {
  readBytes,
  readCount,
  readDuration,
  readFlag,
  readHostNames,
  readPort,
  readPrefix,
  readRedisUrl,
  readRedisUrls,
  readSteps,
  readText,
} from "./setting-values.ts";

/**
 * One setting. The option `--max-age`, the key `max-age` of a configuration file and the variable `PERENNIAL_MAX_AGE` are the same
 * one; the schema takes what any of them gives, and undefined for the default.
 */
export interface Setting<T = unknown> {
  schema: z.ZodType<T>;
  /** What stands behind the option in `--help`; a switch has none. */
  value?: string;
  /** The option may be repeated. */
  many?: true;
  help: string;
}

export type SettingTable = Record<string, Setting>;
export type SettingsOf<Table extends SettingTable> = { [Name in keyof Table]: z.output<Table[Name]["schema"]> };

/** Says what a value must be without repeating what it is: it may hold a password. */
function reading<T>(expected: string, read: (raw: unknown) => T | undefined) {
  return z.unknown().transform((raw, context): T => {
    const value = read(raw);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: `must be ${expected}` });
    return z.NEVER;
  });
}

const text = reading("a text", readText);
const flag = reading("true or false", readFlag);
const redisUrl = reading("a URL such as redis://HOST:6379/0 or rediss://HOST:6380/0", readRedisUrl);

export const SERVER_SETTINGS = {
  port: {
    schema: reading("a port from 0 to 65535", readPort).prefault(8555),
    value: "N",
    help: "Port to listen on, 8555 by default. 0 takes a free one.",
  },
  host: {
    schema: text.optional(),
    value: "ADDRESS",
    help: "Address to listen on, 127.0.0.1 by default.",
  },
  "listen-anywhere-without-sign-in": {
    schema: flag.prefault(false),
    help: "Allow any address although nobody has to sign in: whoever reaches it may read and stop every task. Makes 0.0.0.0 the default.",
  },
  "allowed-host": {
    schema: reading("a host name without port, such as perennial.example.com, or several", readHostNames).prefault([]),
    value: "NAME",
    many: true,
    help: "A name by which browsers may call this server besides localhost, such as that of a proxy in front. May be repeated.",
  },
  prefix: {
    schema: reading("a path of letters, digits, dashes and underscores, such as /ops/celery", readPrefix).prefault("/"),
    value: "PATH",
    help: "Serve everything under this path, such as /ops/celery. A proxy in front may strip it or leave it.",
  },
  dev: {
    schema: flag.prefault(false),
    help: "Build pages when they are asked for and again when they change, for work on Perennial itself.",
  },
} satisfies SettingTable;

export const BROKER_SETTINGS = {
  broker: {
    schema: redisUrl.optional(),
    value: "URL",
    help: "Redis of the broker, such as redis://:PASSWORD@HOST:6379/0. Without a number the database is looked for.",
  },
  results: {
    schema: reading("a URL such as redis://HOST:6379/1, or several", readRedisUrls).optional(),
    value: "URL",
    many: true,
    help: "Redis of the task results, the broker's by default. May be repeated.",
  },
  "key-prefix": {
    schema: text.prefault(""),
    value: "TEXT",
    help: "The global_keyprefix of the broker, if it has one.",
  },
  "result-key-prefix": {
    schema: text.prefault(""),
    value: "TEXT",
    help: "The global_keyprefix of the results, if they have one.",
  },
  "priority-steps": {
    schema: reading("ascending numbers beginning with 0, such as 0,3,6,9", readSteps).prefault("0,3,6,9"),
    value: "LIST",
    help: "The priority_steps of the broker, 0,3,6,9 by default.",
  },
  "enable-events": {
    schema: flag.prefault(true),
    help: "Leave workers alone that send no events; otherwise they are asked to send them.",
  },
  store: {
    schema: reading("memory, or a URL such as redis://HOST:6379/5", (raw) => (raw === "memory" ? "memory" : readRedisUrl(raw))).optional(),
    value: "URL|memory",
    help: "Where history is kept: a Redis, the broker's by default, or memory, which forgets it when Perennial ends.",
  },
  "max-age": {
    schema: reading("a time such as 7d, 12h or 30m", readDuration).prefault("7d"),
    value: "TIME",
    help: "Keep history for this long, 7d by default.",
  },
  "max-tasks": {
    schema: reading("a whole number from 1 on", readCount).prefault(1_000_000),
    value: "N",
    help: "Keep at most this many tasks, 1000000 by default.",
  },
  "max-bytes": {
    schema: reading("a size such as 512MB or 2GB", readBytes)
      .optional()
      .transform((bytes) => bytes ?? null),
    value: "SIZE",
    help: "Keep at most this much history, such as 512MB. By default a share of what the store's Redis may use.",
  },
} satisfies SettingTable;
