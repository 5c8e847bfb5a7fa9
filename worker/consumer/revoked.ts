const MOST = 50_000;
const LIFE_MS = 3 * 3_600_000;

/** Ids that must not run, as many and as long as a Python worker remembers them (Celery 5.7, `worker/state.py`). */
export class RevokedIds {
  /** Id → when it may be forgotten, epoch ms; oldest first. */
  readonly #ids = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  add(id: string): void {
    this.#ids.delete(id);
    this.#ids.set(id, this.#now() + LIFE_MS);
    for (const [oldest, until] of this.#ids) {
      if (until > this.#now() && this.#ids.size <= MOST) break;
      this.#ids.delete(oldest);
    }
  }

  has(id: string): boolean {
    return (this.#ids.get(id) ?? 0) > this.#now();
  }

  /** Oldest first. */
  list(): string[] {
    return [...this.#ids.keys()].filter((id) => this.has(id));
  }
}
