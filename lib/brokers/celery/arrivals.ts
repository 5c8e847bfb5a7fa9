/** When a message came into its list: watched, or at least so long ago. */
export interface Arrival {
  at: number;
  watched: boolean;
}

/** A message of the list; or, without a key, a part of it that was not read, of any length. */
interface Place {
  key: string | undefined;
  arrival: Arrival;
}

export interface SeenMessage {
  key: string;
  redelivered: boolean;
}

/**
 * When the messages of one list came into it, as far as they were seen. A list is a line: producers put messages at its
 * end, workers take them at its front, and what a worker gives back stands at the front again.
 */
export class Arrivals {
  /** From the front, where the next one is taken, to the end. */
  #line: Place[] = [];
  readonly #known = new Map<string, Arrival>();
  /** Whether the list was looked at before: what lies in it at the first look came earlier than that. */
  #watched: boolean;

  /** @param watched the list was seen empty before */
  constructor(watched: boolean) {
    this.#watched = watched;
  }

  has(key: string): boolean {
    return this.#known.has(key);
  }

  of(key: string): Arrival | undefined {
    return this.#known.get(key);
  }

  /** These came at the end, the newest first. Unless they are all, there is more between them and what was seen before. */
  came(messages: readonly SeenMessage[], at: number, areAll: boolean): void {
    const arrival = { at, watched: this.#watched };
    if (!areAll) this.#line.push({ key: undefined, arrival });
    this.#line.push(...messages.toReversed().map(({ key }) => this.#place(key, arrival)));
    this.#watched = true;
  }

  /**
   * These stand at the front, the next one first, and were not seen before. Unless they are all that stands before what was
   * seen, workers may have taken more than was seen of it, and these are from a part that was not read.
   */
  cameToFront(messages: readonly SeenMessage[], at: number, areAll: boolean): void {
    const unread = this.#line.findIndex(({ key }) => key === undefined);
    const isJump = !areAll && unread >= 0 && messages.every(({ redelivered }) => !redelivered);
    if (isJump) this.#drop(unread);
    const since = this.#line.find(({ key }) => key === undefined)?.arrival;
    this.#line.unshift(...messages.map((message) => this.#place(message.key, arrivalOf(message, since, at))));
  }

  /** How much is remembered. */
  get length(): number {
    return this.#line.length;
  }

  /** How many messages were seen before the first part that was not read; undefined when all were read. */
  get ahead(): number | undefined {
    const unread = this.#line.findIndex(({ key }) => key === undefined);
    return unread < 0 ? undefined : unread;
  }

  /** These begin the first part that was not read, the one nearest to the front first; with `areAll` they are that part. */
  read(messages: readonly SeenMessage[], at: number, areAll: boolean): void {
    const { ahead } = this;
    if (ahead === undefined) return;
    const since = this.#line[ahead]?.arrival;
    this.#line.splice(ahead, areAll ? 1 : 0, ...messages.map((message) => this.#place(message.key, arrivalOf(message, since, at))));
  }

  /** This one is taken next: those before it are gone. */
  next(key: string): void {
    if (this.#known.has(key)) this.#drop(this.#line.findIndex((place) => place.key === key));
  }

  /** The first of a line that is too long are forgotten as if they had not been read. */
  keep(bound: number): void {
    const tooMany = this.#line.length - bound;
    if (tooMany <= 0) return;
    const last = this.#line[tooMany - 1]?.arrival;
    this.#drop(tooMany);
    if (last !== undefined) this.#line.unshift({ key: undefined, arrival: { at: last.at, watched: false } });
  }

  #place(key: string, arrival: Arrival): Place {
    this.#known.set(key, arrival);
    return { key, arrival };
  }

  #drop(count: number): void {
    for (const { key } of this.#line.splice(0, count)) if (key !== undefined) this.#known.delete(key);
  }
}

/** What no worker has had stands there since its part of the list came. */
function arrivalOf(message: SeenMessage, since: Arrival | undefined, at: number): Arrival {
  return message.redelivered || since === undefined ? { at, watched: false } : since;
}
