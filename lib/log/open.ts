import type { Redis } from "ioredis";
import type { StoreConfig } from "../config.ts";
import { reasonOf } from "../errors.ts";
import { asAppError, connectRedis, displayUrl, isReplyError } from "../redis.ts";
import { EventLog } from "./event-log.ts";
import { logKeys } from "./keys.ts";
import type { Log } from "./log.ts";
import { MemoryStore } from "./memory/store.ts";
import { defaultBudget } from "./pressure.ts";
import { probe } from "./redis/scripts.ts";
import { memoryOf, RedisStore } from "./redis/store.ts";

/**
 * Opens the log of a broker. Where Redis answers but does not let us write, it is kept in memory and `store.note` says why.
 * Rejects with `unavailable` when Redis does not answer, and with `bad-input` for a URL that is none.
 */
export async function openLog(options: { broker: string; store: StoreConfig; prefix?: string }): Promise<Log> {
  const { broker, store, prefix } = options;
  if (store.kind === "memory") return new EventLog(new MemoryStore(null));
  const keys = logKeys(broker, prefix);
  const name = `log-${broker}`;
  const redis = connectRedis(store.url, { name });
  try {
    const obstacle = await obstacleTo(redis, `${keys.meta}:probe`);
    if (obstacle !== null) {
      redis.disconnect();
      return new EventLog(new MemoryStore(`The history is in memory, because ${displayUrl(store.url)} ${obstacle}`));
    }
    const memory = await memoryOf(redis);
    const defaultMaxBytes = defaultBudget(memory?.maxBytes ?? null);
    const note = memory === null ? null : evictionNote(memory.policy);
    return new EventLog(new RedisStore({ redis, url: store.url, name, keys, defaultMaxBytes, note }));
  } catch (error) {
    redis.disconnect();
    throw asAppError(redis, error);
  }
}

/** Why a log cannot be kept there, found by trying; null when it can. Rejects when the server cannot say. */
async function obstacleTo(redis: Redis, key: string): Promise<string | null> {
  try {
    await probe(redis, [key], []);
    return null;
  } catch (error) {
    if (isReplyError(error, "READONLY")) return "is a replica that takes no writes";
    if (isReplyError(error, "MOVED")) return "is a node of a cluster, which is not supported yet";
    // Inside of a script a denied command is a plain ERR, in words that differ between versions.
    if (isReplyError(error, "NOPERM|ACL|can't (run|access)")) return `does not allow it: ${refusal(error)}`;
    if (isReplyError(error, "ERR")) return `cannot keep it (Redis 6.2 or newer can): ${refusal(error)}`;
    throw error;
  }
}

/** A Redis that drops keys of its own accord is a poor place for a history, but better than none. */
function evictionNote(policy: string): string | null {
  if (policy.startsWith("allkeys-")) return `Redis may drop the history when its memory is full (maxmemory-policy ${policy})`;
  if (policy.startsWith("volatile-")) return `Redis may drop who leads when its memory is full (maxmemory-policy ${policy})`;
  return null;
}

/** What Redis says, without the place in our script. */
function refusal(error: unknown): string {
  return reasonOf(error).replace(/ script: [0-9a-f]+, on .*$/, "");
}
