import type { IdIndex } from "./id-index.ts";

/** The `limit` first rows by (key, id) of all that are offered: a heap whose root is the last of those. */
export class Selection {
  readonly #ids: IdIndex;
  readonly #limit: number;
  readonly #keys: number[] = [];
  readonly #numbers: number[] = [];
  readonly #rows: number[] = [];

  constructor(ids: IdIndex, limit: number) {
    this.#ids = ids;
    this.#limit = limit;
  }

  /** A row with a greater key than this has no chance. */
  get worst(): number {
    return this.#limit === 0 ? -Infinity : this.#rows.length < this.#limit ? Infinity : this.#keys[0]!;
  }

  /** `number` is that of the row's id. */
  offer(key: number, number: number, row: number): void {
    const size = this.#rows.length;
    if (size < this.#limit) {
      this.#rise(size, key, number, row);
    } else if (size > 0 && this.#isBefore(key, number, 0)) {
      this.#sink(key, number, row);
    }
  }

  /** The selected rows in order. */
  rows(): { row: number; key: number }[] {
    return this.#rows
      .map((row, at) => ({ row, key: this.#keys[at]!, number: this.#numbers[at]! }))
      .toSorted((left, right) =>
        left.key === right.key ? this.#ids.compareNumbers(left.number, right.number) : left.key < right.key ? -1 : 1,
      );
  }

  #isBefore(key: number, number: number, at: number): boolean {
    const other = this.#keys[at]!;
    return key < other || (key === other && this.#ids.compareNumbers(number, this.#numbers[at]!) < 0);
  }

  #rise(from: number, key: number, number: number, row: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#isBefore(key, number, parent)) break;
      this.#copy(parent, at);
      at = parent;
    }
    this.#put(at, key, number, row);
  }

  /** Replaces the root. */
  #sink(key: number, number: number, row: number): void {
    const size = this.#rows.length;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#isBefore(this.#keys[child]!, this.#numbers[child]!, child + 1)) child++;
      if (!this.#isBefore(key, number, child)) break;
      this.#copy(child, at);
      at = child;
    }
    this.#put(at, key, number, row);
  }

  #copy(from: number, to: number): void {
    this.#put(to, this.#keys[from]!, this.#numbers[from]!, this.#rows[from]!);
  }

  #put(at: number, key: number, number: number, row: number): void {
    this.#keys[at] = key;
    this.#numbers[at] = number;
    this.#rows[at] = row;
  }
}
