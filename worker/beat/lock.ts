import type { Redis } from "ioredis";
import { defineScript } from "../../lib/redis.ts";

/** What came of asking for the lock: it was ours already, it is ours from now on, or somebody else has it for so long still. */
export type LockAnswer = { held: "still" | "newly" } | { held: "no"; othersForMs: number | null };

/** Takes the lock when nobody has it, and holds it for another while when it is ours. The value of the lock is its holder's token. */
export async function holdLock(redis: Redis, key: string, token: string, forMs: number): Promise<LockAnswer> {
  return hold(redis, [key], [token, forMs]);
}

/** Gives the lock up when it is ours. */
export async function releaseLock(redis: Redis, key: string, token: string): Promise<void> {
  await release(redis, [key], [token]);
}

/** KEYS: lock (string). ARGV: token, ms. Returns `still`, `newly`, or how many ms somebody else has it, -1 for ever. */
const hold = defineScript<[lock: string], [token: string, forMs: number], LockAnswer>({
  lua: `
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 'still'
end
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 'newly' end
return redis.call('PTTL', KEYS[1])`,
  reply: (raw) => {
    if (typeof raw === "number") return { held: "no", othersForMs: raw < 0 ? null : raw };
    return { held: String(raw) === "still" ? "still" : "newly" };
  },
});

/** KEYS: lock (string). ARGV: token. Deletes the lock where it is still ours. */
const release = defineScript<[lock: string], [token: string], void>({
  lua: `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`,
  reply: () => {},
});
