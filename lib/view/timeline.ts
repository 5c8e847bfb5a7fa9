import type { Ordinal } from "../log/log.ts";

const EVENTS = 65_536;

/**
 * For each event how far back the previous event of the same task lies: 4 bytes an event. A timeline is a walk back from
 * the task's last event.
 */
export class Timeline {
  /** Chunk `n` holds the ordinals from `(#firstChunk + n) * EVENTS` on. */
  readonly #chunks: Uint32Array[] = [];
  #firstChunk = 0;
  #first: Ordinal = 0;

  /** `previous` is 0 when there is none. Ordinals only grow. */
  add(ordinal: Ordinal, previous: Ordinal): void {
    const chunk = Math.floor(ordinal / EVENTS);
    if (this.#chunks.length === 0) this.#firstChunk = chunk;
    while (this.#firstChunk + this.#chunks.length <= chunk) this.#chunks.push(new Uint32Array(EVENTS));
    const back = previous === 0 ? 0 : ordinal - previous;
    this.#chunks[chunk - this.#firstChunk]![ordinal % EVENTS] = back <= 0xffff_ffff ? back : 0;
  }

  /** The kept ordinals of a task from its last one back, newest first, at most `limit`. */
  back(last: Ordinal, limit: number): Ordinal[] {
    return this.#walk(last).take(limit).toArray();
  }

  /** The first of a task's ordinals that is later than another, walking back from its last one. */
  firstAfter(ordinal: Ordinal, last: Ordinal): Ordinal {
    let first = last;
    for (const one of this.#walk(last)) {
      if (one <= ordinal) break;
      first = one;
    }
    return first;
  }

  /** Forgets everything before an ordinal. */
  trim(before: Ordinal): void {
    this.#first = Math.max(this.#first, before);
    const gone = Math.min(Math.floor(this.#first / EVENTS) - this.#firstChunk, this.#chunks.length);
    if (gone <= 0) return;
    this.#chunks.splice(0, gone);
    this.#firstChunk += gone;
  }

  *#walk(last: Ordinal): Generator<Ordinal, undefined> {
    for (let ordinal = last; ordinal >= this.#first;) {
      yield ordinal;
      const back = this.#chunks[Math.floor(ordinal / EVENTS) - this.#firstChunk]?.[ordinal % EVENTS] ?? 0;
      if (back === 0) return;
      ordinal -= back;
    }
  }

  get bytes(): number {
    return this.#chunks.length * EVENTS * 4;
  }
}
