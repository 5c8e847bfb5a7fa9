import { type Event, isTaskEvent } from "../model/event.ts";

/** 64 bits that are equal for the same event, whoever heard it. */
export type Identity = bigint;

const SEPARATOR = 0x1f;
const UINT32 = 0x1_0000_0000;

/**
 * What makes an event itself: who emitted it (host, pid, Lamport clock, time), the task, the type, and what it says where one
 * source may say several things of one task. Not when we heard of it, nor what the leader stamps on it: a leader and a standby
 * that hear the same event answer the same.
 */
export function identityOf(event: Event): Identity {
  return identityAt(event, isTimeDoubtful(event) ? 0 : event.at);
}

/**
 * All that an event may be known by to others who heard it: whether a time that equals `seenAt` is ours or was heard within
 * its very millisecond cannot be told from one hearing. Two hearings of one event share at least one of these.
 */
export function identitiesOf(event: Event): Identity[] {
  return isTimeDoubtful(event) ? [identityOf(event), identityAt(event, event.at)] : [identityOf(event)];
}

/** A time equal to `seenAt` can be ours, put in place of one that cannot be believed. A clock then tells events apart. */
function isTimeDoubtful({ clock, at, seenAt }: Event): boolean {
  return clock !== undefined && at === seenAt;
}

function identityAt(event: Event, at: number): Identity {
  const hash = new Hash();
  hash.text(event.worker ?? event.actor ?? "");
  hash.number(event.pid ?? 0);
  hash.number(event.clock ?? 0);
  hash.number(at);
  hash.text(isTaskEvent(event) ? event.task : (event.queue ?? ""));
  hash.text(event.type);
  hash.text(event.source);
  hash.text(event.state ?? event.exceptionType ?? event.action ?? "");
  // Of what was lost or could not be read many kinds are told at one moment.
  if (event.type === "log.gap" || event.type === "log.malformed") hash.text(event.details ?? "");
  return hash.value();
}

/** Two multiplying hashes of 32 bits side by side, each over the same input from its own beginning and with its own factor. */
class Hash {
  #low = 0x811c9dc5;
  #high = 0x3c6ef372;

  text(text: string): void {
    for (let i = 0; i < text.length; i++) this.#mix(text.charCodeAt(i));
    this.#mix(SEPARATOR);
  }

  number(value: number): void {
    // Microseconds, so that the fraction of a time counts; wider numbers lose only what a double has lost already.
    const units = Math.round(value * 1000);
    this.#mix((units % UINT32) | 0);
    this.#mix((Math.floor(units / UINT32) % UINT32) | 0);
  }

  value(): bigint {
    return (BigInt(spread(this.#high)) << 32n) | BigInt(spread(this.#low));
  }

  #mix(word: number): void {
    this.#low = Math.imul(this.#low ^ word, 0x01000193) ^ (this.#low >>> 15);
    this.#high = Math.imul(this.#high ^ word, 0x9e3779b1) ^ (this.#high >>> 13);
  }
}

/** Lets every bit of a word depend on every other. */
function spread(word: number): number {
  let bits = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/**
 * The identities of the newest events of a log. Leader and followers fill it with what the log tells, in its order, so all hold
 * the same. An event is counted once if it comes again while it is in here.
 */
export class RecentIdentities {
  readonly #ring: BigUint64Array;
  readonly #known = new Set<Identity>();
  #next = 0;

  /** @param capacity events that are remembered: minutes of a busy system, about 100 bytes each */
  constructor(capacity = 100_000) {
    this.#ring = new BigUint64Array(capacity);
  }

  has(identity: Identity): boolean {
    return this.#known.has(identity);
  }

  get capacity(): number {
    return this.#ring.length;
  }

  /** The log began anew. */
  clear(): void {
    this.#known.clear();
    this.#next = 0;
  }

  /** Answers false when it was known already. */
  add(identity: Identity): boolean {
    if (this.#known.has(identity)) return false;
    if (this.#known.size === this.#ring.length) {
      const oldest = this.#ring[this.#next];
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    this.#ring[this.#next] = identity;
    this.#next = (this.#next + 1) % this.#ring.length;
    this.#known.add(identity);
    return true;
  }
}
