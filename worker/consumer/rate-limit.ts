const PER: Record<string, number> = { s: 1, m: 60, h: 3600 };

/**
 * Tasks a second of a rate limit such as `"10/m"`, `"0.5"` or 3; 0 for none. Null for a text that is no rate limit (Celery 5.7,
 * `utils.time.rate`).
 */
export function parseRate(limit: string | number | null): number | null {
  if (limit === null || limit === "" || limit === 0) return 0;
  if (typeof limit === "number") return limit > 0 ? limit : 0;
  const [, count, per = "s"] = /^\s*(\d+(?:\.\d*)?)\s*(?:\/\s*([smh])\s*)?$/.exec(limit) ?? [];
  return count === undefined ? null : Number(count) / (PER[per] ?? 1);
}

/** Lets one through at a time, so that no more than the rate begin (Celery's bucket holds one token). Times are in ms. */
export class RateLimiter {
  readonly rate: number;
  #freeAt = 0;

  constructor(rate: number) {
    this.rate = rate;
  }

  /** How long the next one has to wait; 0 takes its turn. */
  take(now: number): number {
    if (now < this.#freeAt) return this.#freeAt - now;
    this.#freeAt = now + 1000 / this.rate;
    return 0;
  }
}
