/** What heartbeats tell of a worker's work, in memory that the heart's thread reads. */
export class Pulse {
  readonly memory: SharedArrayBuffer;
  readonly #numbers: Int32Array;

  constructor(memory = new SharedArrayBuffer(8)) {
    this.memory = memory;
    this.#numbers = new Int32Array(memory);
  }

  /** Tasks that run. */
  get active(): number {
    return Atomics.load(this.#numbers, 0);
  }

  /** Tasks begun since the worker started. */
  get processed(): number {
    return Atomics.load(this.#numbers, 1);
  }

  began(): void {
    Atomics.add(this.#numbers, 0, 1);
    Atomics.add(this.#numbers, 1, 1);
  }

  ended(): void {
    Atomics.sub(this.#numbers, 0, 1);
  }
}
