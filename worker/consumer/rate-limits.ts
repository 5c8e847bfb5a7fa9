import type { RegisteredTask } from "../task/registry.ts";
import { RateLimiter, parseRate } from "./rate-limit.ts";

/** The rate limits of a worker's tasks. Remote control may change them. */
export class RateLimits {
  readonly #limiters = new Map<string, RateLimiter | null>();

  /** How many ms the task has to wait; 0 takes its turn. */
  take(task: RegisteredTask): number {
    let limiter = this.#limiters.get(task.name);
    if (limiter === undefined) {
      const rate = parseRate(task.rateLimit) ?? 0;
      limiter = rate === 0 ? null : new RateLimiter(rate);
      this.#limiters.set(task.name, limiter);
    }
    return limiter?.take(Date.now()) ?? 0;
  }

  /** Reads the task's rate limit anew. */
  reset(name: string): void {
    this.#limiters.delete(name);
  }
}
