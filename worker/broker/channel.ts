import type { Redis } from "ioredis";
import { defineScript } from "../../lib/redis.ts";
import type { CeleryKeys } from "../../lib/wire/celery/keys.ts";
import { redeliverEnvelope } from "../../lib/wire/celery/rewrite-envelope.ts";
import type { Bindings } from "./bindings.ts";

/** A message that is held: taken and not acknowledged. */
export interface Held {
  /** Its delivery tag, made by its sender: the field of the `unacked` hash. */
  tag: string;
  /** The message exactly as it was taken. */
  raw: string;
  exchange: string;
  routingKey: string;
  priority: number | null;
}

/** At which end of the queue a message comes back: where it is taken next, or behind all others. */
export type End = "next" | "last";

/** Taking and acknowledging as Kombu emulates them on Redis (`kombu/transport/redis.py`, `QoS`). */
export class Channel {
  readonly #redis: Redis;
  readonly #keys: CeleryKeys;
  readonly #bindings: Bindings;

  constructor(redis: Redis, keys: CeleryKeys, bindings: Bindings) {
    this.#redis = redis;
    this.#keys = keys;
    this.#bindings = bindings;
  }

  /** Whether it was held until now. Once or more often. */
  async acknowledge(tag: string): Promise<boolean> {
    const replies = await this.#redis.multi().zrem(this.#keys.unackedIndex, tag).hdel(this.#keys.unacked, tag).exec();
    return replies?.[1]?.[1] === 1;
  }

  /** Holds them for another visibility timeout. Those that nobody holds any more stay gone. */
  async prolong(tags: readonly string[]): Promise<void> {
    const now = Date.now() / 1000;
    if (tags.length > 0) await this.#redis.zadd(this.#keys.unackedIndex, "XX", ...tags.flatMap((tag) => [now, tag]));
  }

  /** Puts a held message back into its queue, marked as redelivered; false when it was not held any more. */
  async giveBack(held: Held, end: End): Promise<boolean> {
    const marked = redeliverEnvelope(held.raw);
    const queues = await this.#bindings.targets(held.exchange, held.routingKey);
    const lists = queues.map((queue) => this.#keys.queueList(queue, held.priority));
    const { unacked, unackedIndex } = this.#keys;
    const raw = marked.ok ? marked.value : held.raw;
    return giveBack(this.#redis, [unacked, unackedIndex, ...lists], [held.tag, end === "next" ? "RPUSH" : "LPUSH", raw]);
  }
}

/**
 * KEYS: unacked (hash), unacked index (sorted set), lists. ARGV: delivery tag, RPUSH or LPUSH, message. Returns 1, or 0 when the
 * message was not held. In one script, where Kombu watches the hash: a message is neither lost nor doubled.
 */
const giveBack = defineScript<
  [unacked: string, index: string, ...lists: string[]],
  [tag: string, push: "RPUSH" | "LPUSH", raw: string],
  boolean
>({
  lua: `
redis.call('ZREM', KEYS[2], ARGV[1])
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
for i = 3, #KEYS do redis.call(ARGV[2], KEYS[i], ARGV[3]) end
return 1`,
  reply: (raw) => raw === 1,
});
