import { AppError } from "../errors.ts";
import type { Store } from "./store.ts";

/** Part of a Redis' `maxmemory` that the log takes by default. */
const DEFAULT_SHARE = 0.1;
const DEFAULT_BYTES = 512 * 1024 * 1024;
const SMALLEST_BYTES = 1024 * 1024;

/** Above this part of `maxmemory`, whoever fills it, the log gives its oldest segments back. */
const SHRINK_SHARE = 0.8;
/** Above this part it takes nothing more; also between the two when it has nothing left to give. */
const PAUSE_SHARE = 0.9;
const ASK_MS = 1_000;

/** How large a log may become if nobody says: a tenth of `maxmemory`, or 512 MiB where there is no limit. */
export function defaultBudget(maxBytes: number | null): number {
  return maxBytes === null ? DEFAULT_BYTES : Math.max(SMALLEST_BYTES, Math.floor(maxBytes * DEFAULT_SHARE));
}

/** Keeps the log from filling the Redis that the broker lives in. */
export class Pressure {
  readonly #store: Pick<Store, "memory">;
  #askedAt = -Infinity;
  #memory: { usedBytes: number; maxBytes: number } | null = null;

  constructor(store: Pick<Store, "memory">) {
    this.#store = store;
  }

  /** Bytes that the log should give back now. */
  async excess(): Promise<number> {
    this.#askedAt = -Infinity;
    await this.#ask();
    return this.#memory === null ? 0 : Math.max(0, Math.ceil(this.#memory.usedBytes - SHRINK_SHARE * this.#memory.maxBytes));
  }

  /** Rejects with `unavailable` while the log must not grow by so many bytes. `hasMore` tells whether it could shrink. */
  async admit(bytes: number, hasMore: () => Promise<boolean>): Promise<void> {
    // What was added since we asked counts before it is compressed, so that a burst cannot run past the limit within a second.
    let share = await this.#shareWith(bytes);
    if (share >= SHRINK_SHARE) {
      this.#askedAt = -Infinity;
      share = await this.#shareWith(bytes);
    }
    if (share < SHRINK_SHARE) return;
    if (share < PAUSE_SHARE && (await hasMore())) return;
    const percent = Math.round(share * 100);
    throw new AppError("unavailable", `Redis is ${percent} % full (maxmemory): nothing more is stored until there is room`);
  }

  /** How full the server is with so many bytes more, which are remembered until it is asked again; 0 where there is no limit. */
  async #shareWith(bytes: number): Promise<number> {
    await this.#ask();
    if (this.#memory === null) return 0;
    this.#memory.usedBytes += bytes;
    return this.#memory.usedBytes / this.#memory.maxBytes;
  }

  async #ask(): Promise<void> {
    const now = performance.now();
    if (now - this.#askedAt < ASK_MS) return;
    this.#memory = await this.#store.memory();
    this.#askedAt = now;
  }
}
