import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";

/** How long the other priorities of a queue may wait, in ms: nobody blocks on their lists. */
const POLL_MS = 100;
const BLOCK_S = 1;
/** More queues than this are polled. */
const MOST_CONNECTIONS = 8;

/**
 * Waits for a message without taking it: `BLMOVE list list RIGHT RIGHT` returns when the list holds something, and leaves it as it
 * is. One connection a queue; a worker has few of them.
 */
export class Arrival {
  readonly #connect: () => Redis;
  readonly #lines = new Map<string, { redis: Redis; waits: Promise<unknown> | null }>();

  constructor(connect: () => Redis) {
    this.#connect = connect;
  }

  /** Resolves when one of the lists may hold something, after a moment in any case. */
  async wait(lists: readonly string[], signal: AbortSignal): Promise<void> {
    for (const [list, { redis }] of this.#lines) {
      if (lists.includes(list)) continue;
      redis.disconnect();
      this.#lines.delete(list);
    }
    const timer = new AbortController();
    const stop = AbortSignal.any([signal, timer.signal]);
    await Promise.race([
      delay(POLL_MS, undefined, { signal: stop }).catch(() => {}),
      ...lists.slice(0, MOST_CONNECTIONS).map((list) => this.#on(list)),
    ]);
    timer.abort();
  }

  close(): void {
    for (const { redis } of this.#lines.values()) redis.disconnect();
    this.#lines.clear();
  }

  /** Rests when its time is over; a connection that is lost is as if nothing came. */
  #on(list: string): Promise<unknown> {
    const line = this.#lines.get(list) ?? { redis: this.#connect(), waits: null };
    this.#lines.set(list, line);
    line.waits ??= line.redis
      .blmove(list, list, "RIGHT", "RIGHT", BLOCK_S)
      .then(() => {})
      .catch(() => delay(POLL_MS))
      .finally(() => (line.waits = null));
    return line.waits;
  }
}
