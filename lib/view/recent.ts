import type { Ordinal } from "../log/log.ts";

/** The last events of one kind, newest last, with a count of all that ever came. */
export class Recent<T extends { ordinal: Ordinal }> {
  readonly #bound: number;
  #kept: T[] = [];
  #total = 0;

  constructor(bound: number) {
    this.#bound = bound;
  }

  /** `count` is how many things this one stands for. */
  add(one: T, count = 1): void {
    this.#kept.push(one);
    if (this.#kept.length > this.#bound) this.#kept.shift();
    this.#total += count;
  }

  forgetBefore(ordinal: Ordinal): void {
    this.#kept = this.#kept.filter((one) => one.ordinal >= ordinal);
  }

  get kept(): readonly T[] {
    return this.#kept;
  }

  get total(): number {
    return this.#total;
  }
}
