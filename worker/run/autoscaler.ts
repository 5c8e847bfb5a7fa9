import { type Value, dict } from "../../lib/wire/python/value.ts";
import type { Prefetch } from "../consumer/prefetch.ts";
import type { WorkerState } from "../consumer/worker-state.ts";
import type { Pool } from "../pool/pool.ts";

const CHECK_MS = 1_000;
/** How long the pool keeps its size after it has grown, before it may shrink. */
const KEEP_MS = 30_000;

/** Grows the pool while more is reserved than it can run, and shrinks it when it has been too big for a while (Celery 5.7). */
export class Autoscaler {
  readonly #pool: Pool;
  readonly #prefetch: Prefetch;
  readonly #state: WorkerState;
  readonly #multiplier: number;
  #max: number;
  #min: number;
  #grewAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: { pool: Pool; prefetch: Prefetch; state: WorkerState; multiplier: number; max: number; min: number }) {
    this.#pool = options.pool;
    this.#prefetch = options.prefetch;
    this.#state = options.state;
    this.#multiplier = options.multiplier;
    this.#max = options.max;
    this.#min = options.min;
  }

  start(): void {
    this.#timer = setInterval(() => this.#scale(), CHECK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  update(max: number | null, min: number | null): { max: number; min: number } {
    this.#max = max ?? this.#max;
    this.#min = Math.min(min ?? this.#min, this.#max);
    if (this.#pool.size > this.#max) this.#resize(this.#max);
    if (this.#pool.size < this.#min) this.#resize(this.#min);
    return { max: this.#max, min: this.#min };
  }

  stats(): Value {
    return dict([
      ["max", this.#max],
      ["min", this.#min],
      ["current", this.#pool.size],
      ["qty", this.#wanted()],
    ]);
  }

  #wanted(): number {
    return this.#state.in("active").length + this.#state.in("reserved").length;
  }

  #scale(): void {
    const wanted = Math.min(Math.max(this.#wanted(), this.#min, 1), this.#max);
    if (wanted > this.#pool.size) {
      this.#grewAt = Date.now();
      this.#resize(wanted);
    } else if (wanted < this.#pool.size && Date.now() - this.#grewAt > KEEP_MS) {
      this.#resize(wanted);
    }
  }

  #resize(size: number): void {
    const before = this.#pool.size;
    if (size > before) this.#pool.grow(size - before);
    else this.#pool.shrink(before - size);
    this.#prefetch.change((this.#pool.size - before) * this.#multiplier);
  }
}
