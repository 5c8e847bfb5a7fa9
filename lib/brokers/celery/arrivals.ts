/** When a message came into its list: watched, or at least so long ago. */
export interface Arrival {
  at: number;
  watched: boolean;
}

/** Looks in which a part of the list was not read are told apart as long as there are not more. */
const UNREAD = 64;
/** Given back and not taken again. */
const FRONT = 1_500;

/**
 * When the messages of one list came into it, as far as they were seen. A list is a line: producers put messages at the new
 * end, workers take them at the old one, and what a worker gives back stands at the old end again.
 */
export class Arrivals {
  /** What came at the new end, the first first. */
  readonly #line = new Map<string, Arrival>();
  /** What stands before all that: given back, or never read when it came. The one that is taken next is the last. */
  #front: { key: string; arrival: Arrival }[] = [];
  /** Parts of the line that were not read, the first first; `#line` has what came after each. */
  #unread: Arrival[] = [];
  /** Whether the list was looked at before: what lies in it at the first look came earlier than that. */
  #watched: boolean;

  /** @param watched the list was seen empty before */
  constructor(watched: boolean) {
    this.#watched = watched;
  }

  has(key: string): boolean {
    return this.#line.has(key) || this.#front.some((one) => one.key === key);
  }

  of(key: string): Arrival | undefined {
    return this.#line.get(key) ?? this.#front.findLast((one) => one.key === key)?.arrival;
  }

  /** These came at the new end, the newest first. Without `isWhole` there is more behind them that was not read. */
  came(keys: readonly string[], at: number, isWhole: boolean): void {
    const arrival = { at, watched: this.#watched };
    if (!isWhole) {
      if (this.#unread.length >= UNREAD) this.#unread.splice(-1, 1, { at, watched: false });
      else this.#unread.push(arrival);
    }
    for (const key of keys.toReversed()) this.#line.set(key, arrival);
    this.#watched = true;
  }

  /** These stand at the old end, the one that is taken next first, and were not seen before. */
  cameBack(messages: readonly { key: string; redelivered: boolean }[], at: number): void {
    for (const { key, redelivered } of messages.toReversed()) {
      // What no worker has had stands there since it came, in the first part that was not read.
      const since = redelivered ? undefined : this.#unread[0];
      this.#front.push({ key, arrival: since ?? { at, watched: false } });
    }
  }

  /** This one is taken next: those before it are gone. Keeps no more than `bound`. */
  taken(next: string, bound: number): void {
    const inFront = this.#front.findLastIndex((one) => one.key === next);
    this.#front.length = inFront + 1;
    const arrival = inFront < 0 ? this.#line.get(next) : undefined;
    if (arrival !== undefined) {
      for (const key of this.#line.keys()) {
        if (key === next) break;
        this.#line.delete(key);
      }
      this.#unread = this.#unread.filter((unread) => unread.at > arrival.at);
    }
    this.#forget(bound);
  }

  /** The oldest of a line that is too long is forgotten as if it had not been read. */
  #forget(bound: number): void {
    if (this.#front.length > FRONT) this.#front = this.#front.slice(-FRONT);
    let last: Arrival | undefined;
    for (const [key, arrival] of this.#line) {
      if (this.#line.size <= bound) break;
      this.#line.delete(key);
      last = arrival;
    }
    if (last !== undefined) this.#unread = [{ at: last.at, watched: false }, ...this.#unread.filter(({ at }) => at > (last?.at ?? 0))];
  }
}
