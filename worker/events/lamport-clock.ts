/**
 * The logical clock of a node: what happened because of something else has the greater number (Kombu, `LamportClock`). It lives in
 * shared memory, because the heart beats in a thread of its own.
 */
export class LamportClock {
  readonly memory: SharedArrayBuffer;
  readonly #value: BigInt64Array;

  constructor(memory = new SharedArrayBuffer(8)) {
    this.memory = memory;
    this.#value = new BigInt64Array(memory);
  }

  get value(): number {
    return Number(Atomics.load(this.#value, 0));
  }

  /** Before something is told. */
  forward(): number {
    return Number(Atomics.add(this.#value, 0, 1n)) + 1;
  }

  /** After something was heard that carries another node's clock. */
  adjust(heard: number): number {
    if (!Number.isSafeInteger(heard)) return this.forward();
    for (;;) {
      const own = Atomics.load(this.#value, 0);
      const next = (BigInt(heard) > own ? BigInt(heard) : own) + 1n;
      if (Atomics.compareExchange(this.#value, 0, own, next) === own) return Number(next);
    }
  }
}
