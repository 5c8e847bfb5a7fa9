/** The logical clock of a node: what happened because of something else has the greater number (Kombu, `LamportClock`). */
export class LamportClock {
  #value = 0;

  get value(): number {
    return this.#value;
  }

  /** Before something is told. */
  forward(): number {
    return ++this.#value;
  }

  /** After something was heard that carries another node's clock. */
  adjust(heard: number): number {
    this.#value = Math.max(this.#value, heard) + 1;
    return this.#value;
  }
}
