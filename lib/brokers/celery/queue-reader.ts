import type { Redis } from "ioredis";
import type { OldestAge } from "../../contract/queue.ts";
import type { Event } from "../../model/event.ts";
import type { CeleryKeys } from "../../wire/celery/keys.ts";
import { decodeTaskMessage, type TaskMessage } from "../../wire/celery/task-message.ts";
import type { Known } from "../broker.ts";
import { fromMessage, problemsOf } from "./from-message.ts";
import type { Malformed } from "./malformed.ts";
import type { Runs } from "./runs.ts";

/** Messages read at a time, and per list in one look: what waits beyond is met when the queue drains towards it. */
const PAGE = 50;
const PAGES = 10;
/** Bytes read from all queues together in one look. */
const BYTES = 8 * 1024 * 1024;
/** Arrivals remembered for each list. */
const ARRIVALS = 20_000;

interface List {
  /** Delivery tag of a message → when we first saw it. In the order of arrival. */
  arrivals: Map<string, number>;
  /** The newest message of the last look. */
  newest: string | undefined;
  /** Whether it was ever seen before: what lay in it at the first look came earlier than that. */
  known: boolean;
}

/**
 * Reads what waits in the queues without taking it: each message once, newest first down to where the last look ended.
 * No message says when it was published, so the moment of first sight is remembered until it is the oldest.
 */
export class QueueReader {
  readonly #redis: Redis;
  readonly #keys: CeleryKeys;
  readonly #runs: Runs;
  readonly #known: Pick<Known, "task">;
  readonly #malformed: Malformed;
  readonly #lists = new Map<string, List>();
  #budget = BYTES;

  constructor(redis: Redis, keys: CeleryKeys, runs: Runs, known: Pick<Known, "task">, malformed: Malformed) {
    this.#redis = redis;
    this.#keys = keys;
    this.#runs = runs;
    this.#known = known;
    this.#malformed = malformed;
  }

  /** A new look begins: the byte bound starts over. */
  begin(): void {
    this.#budget = BYTES;
  }

  /** What came into a list since the last look. `depth` is its length now. */
  async arrivals(queue: string, list: string, depth: number, now: number): Promise<Event[]> {
    const state = this.#lists.get(list) ?? { arrivals: new Map(), newest: undefined, known: false };
    this.#lists.set(list, state);
    if (depth === 0) {
      state.arrivals.clear();
      state.newest = undefined;
      state.known = true;
      return [];
    }
    const arrived: { tag: string; event: Event | undefined }[] = [];
    let newest: string | undefined;
    let met = false;
    for (let page = 0; page < PAGES && !met && this.#budget > 0; page++) {
      const raws = await this.#redis.lrange(list, page * PAGE, (page + 1) * PAGE - 1);
      for (const raw of raws) {
        this.#budget -= raw.length;
        const message = this.#decode(queue, raw);
        const tag = message?.deliveryTag ?? raw.slice(0, 200);
        newest ??= tag;
        met = tag === state.newest || state.arrivals.has(tag);
        if (met) break;
        arrived.push({
          tag,
          event: message === undefined ? undefined : fromMessage(message, { place: "queue", queue, at: now, seenAt: now }, this.#runs),
        });
      }
      if (raws.length < PAGE) break;
    }
    for (const { tag } of arrived.toReversed()) state.arrivals.set(tag, state.known ? now : -now);
    while (state.arrivals.size > ARRIVALS) {
      const [oldest] = state.arrivals.keys();
      if (oldest !== undefined) state.arrivals.delete(oldest);
    }
    state.newest = newest ?? state.newest;
    state.known = true;
    return arrived.toReversed().flatMap(({ event }) => event ?? []);
  }

  /** How long the message that is taken next has waited; undefined when the list is empty now. */
  async oldest(queue: string, list: string, now: number): Promise<{ at: number; from: OldestAge["from"] } | undefined> {
    const raw = await this.#redis.lindex(list, -1);
    if (raw === null) return undefined;
    const message = this.#decode(queue, raw);
    const sentAt = message?.id == null ? undefined : this.#known.task(message.id)?.sentAt;
    if (sentAt !== undefined && message?.retries === 0 && !message.redelivered) return { at: sentAt, from: "sent" };
    const state = this.#lists.get(list);
    const tag = message?.deliveryTag ?? raw.slice(0, 200);
    const arrivedAt = state?.arrivals.get(tag);
    if (state !== undefined) {
      // What arrived before the oldest has been taken: it need not be remembered.
      for (const earlier of state.arrivals.keys()) {
        if (earlier === tag || arrivedAt === undefined) break;
        state.arrivals.delete(earlier);
      }
    }
    if (arrivedAt === undefined) {
      state?.arrivals.set(tag, -now);
      return { at: now, from: "at-least" };
    }
    return { at: Math.abs(arrivedAt), from: arrivedAt < 0 ? "at-least" : "watched" };
  }

  #decode(queue: string, raw: string): TaskMessage | undefined {
    const message = decodeTaskMessage(raw);
    if (!message.ok) {
      this.#malformed.report(`queue ${queue}`, message.reason, raw);
      return undefined;
    }
    for (const problem of problemsOf(message.value)) this.#malformed.report(`queue ${queue}`, problem, raw);
    return message.value;
  }
}
