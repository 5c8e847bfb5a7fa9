/**
 * How many messages a worker may hold (Kombu's QoS): concurrency times the multiplier, and one more for each task that waits for
 * its time, so that these do not keep others out. A message counts until it is acknowledged or given back.
 */
export class Prefetch {
  #base: number;
  #waiting = 0;
  #held = 0;
  #wake: (() => void)[] = [];

  /** @param base 0 for no limit */
  constructor(base: number) {
    this.#base = base;
  }

  /** As `stats` tells it. */
  get limit(): number {
    return this.#base === 0 ? 0 : this.#base + this.#waiting;
  }

  get hasRoom(): boolean {
    return this.free > 0;
  }

  /** How many more may be taken. */
  get free(): number {
    return this.#base === 0 ? Number.POSITIVE_INFINITY : this.limit - this.#held;
  }

  /** The pool has grown or shrunk. */
  change(by: number): void {
    if (this.#base === 0) return;
    this.#base = Math.max(1, this.#base + by);
    this.#changed();
  }

  take(): void {
    this.#held++;
  }

  release(): void {
    this.#held--;
    this.#changed();
  }

  /** A held message waits for its time. */
  suspend(): void {
    this.#waiting++;
    this.#changed();
  }

  /** Its time has come, or it was given up. */
  resume(): void {
    this.#waiting--;
  }

  /** Resolves when another message may be taken, or the signal fires. */
  async room(signal: AbortSignal): Promise<void> {
    while (!this.hasRoom && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake.push(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  #changed(): void {
    if (!this.hasRoom) return;
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}
