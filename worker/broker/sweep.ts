import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { defineScript } from "../../lib/redis.ts";
import type { CeleryKeys } from "../../lib/wire/celery/keys.ts";
import { decodeUnacked } from "../../lib/wire/celery/unacked.ts";
import { numberField } from "../../lib/wire/celery/fields.ts";
import type { Channel } from "./channel.ts";

const LOCK_MS = 300_000;

/**
 * Puts back what somebody has held for longer than the visibility timeout: its worker is gone. One sweeper at a time (Kombu,
 * `restore_visible`). Answers how many were put back.
 */
export async function sweep(redis: Redis, keys: CeleryKeys, channel: Channel, visibilityTimeoutMs: number): Promise<number> {
  const token = randomUUID();
  if ((await redis.set(keys.unackedMutex, token, "PX", LOCK_MS, "NX")) === null) return 0;
  try {
    const latest = (Date.now() - visibilityTimeoutMs) / 1000;
    let restored = 0;
    for (const tag of await redis.zrange(keys.unackedIndex, String(latest), "0", "BYSCORE", "REV")) {
      const text = await redis.hget(keys.unacked, tag);
      const unacked = text === null ? null : decodeUnacked(text);
      if (unacked?.ok !== true) continue;
      const { envelope, exchange, routingKey } = unacked.value;
      const priority = numberField(envelope.properties?.["priority"]);
      const held = { tag, raw: envelope.raw, exchange: exchange ?? "", routingKey: routingKey ?? "", priority };
      if (await channel.giveBack(held, "next")) restored++;
    }
    return restored;
  } finally {
    await unlock(redis, [keys.unackedMutex], [token]);
  }
}

/** KEYS: lock (string). ARGV: token. Deletes the lock where it is still ours. */
const unlock = defineScript<[lock: string], [token: string], void>({
  lua: `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`,
  reply: () => {},
});
