import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import type { OldestAge } from "../../contract/queue.ts";
import type { TaskEvent } from "../../model/event.ts";
import { decodeTaskMessage, type TaskMessage } from "../../wire/celery/task-message.ts";
import type { Known } from "../broker.ts";
import { Arrivals, type SeenMessage } from "./arrivals.ts";
import { fromMessage } from "./from-message.ts";
import type { Malformed } from "./malformed.ts";
import { type Budget, pages } from "./read.ts";
import type { Runs } from "./runs.ts";

/** Bytes read from all queues together in one look. */
const BYTES = 8 * 1024 * 1024;
/** Messages read from each end of a list in one look: what lies between is met when the queue drains towards it. */
const MESSAGES = 500;
/** Arrivals remembered, of each list and of all together. */
const ARRIVALS_EACH = 20_000;
const ARRIVALS = 400_000;
const LONGEST_TAG = 200;
/** A message that is longer is not kept for comparison. */
const LONGEST_KEPT = 8 * 1024;

export type Age = { at: number; from: OldestAge["from"] };

interface Read extends SeenMessage {
  message: TaskMessage | undefined;
  raw: string;
  problem: string | undefined;
}

interface List {
  arrivals: Arrivals;
  /** What lay at the ends when we last looked, to be known again without being decoded. */
  newest: Read | undefined;
  oldest: Read | undefined;
}

/**
 * Reads what waits in the queues without taking it: each message once, from both ends of its list as far as what was seen
 * before. No message says when it was published, so the moment of first sight is remembered until it is the oldest.
 */
export class QueueReader {
  readonly #redis: Redis;
  readonly #runs: Runs;
  readonly #known: Pick<Known, "task">;
  readonly #malformed: Malformed;
  /** Of an empty list only that it was seen empty: what comes into it then was watched. */
  readonly #lists = new Map<string, List | "empty">();
  #budget: Budget = { bytes: BYTES };
  #bound = ARRIVALS_EACH;

  constructor(redis: Redis, runs: Runs, known: Pick<Known, "task">, malformed: Malformed) {
    this.#redis = redis;
    this.#runs = runs;
    this.#known = known;
    this.#malformed = malformed;
  }

  /** A new look at all lists begins. */
  begin(): void {
    this.#budget = { bytes: BYTES };
    const lists = [...this.#lists.values()].filter((list) => list !== "empty");
    const remembered = lists.reduce((sum, { arrivals }) => sum + arrivals.length, 0);
    // What is forgotten is read and told again: of thousands of short queues and a long one, none needs to be.
    this.#bound = remembered <= ARRIVALS ? ARRIVALS_EACH : Math.min(ARRIVALS_EACH, Math.ceil(ARRIVALS / lists.length));
  }

  /** The list is empty now. */
  empty(list: string): void {
    this.#lists.set(list, "empty");
  }

  get size(): number {
    return this.#lists.size;
  }

  /** Of other lists nothing need be remembered any more. */
  keep(lists: ReadonlySet<string>): void {
    for (const list of this.#lists.keys()) if (!lists.has(list)) this.#lists.delete(list);
  }

  /**
   * Reads on in a list whose ends are these messages. `since` is when reading began, before them. Tells every new message
   * to `onEvent`, and answers how long the one that is taken next has waited. What is remembered is told: a failure in
   * between loses nothing.
   */
  async look(
    queue: string,
    list: string,
    ends: { newest: string; oldest: string },
    since: number,
    onEvent: (event: TaskEvent) => void,
  ): Promise<Age> {
    const before = this.#lists.get(list);
    const state: List =
      before === undefined || before === "empty"
        ? { arrivals: new Arrivals(before === "empty"), newest: undefined, oldest: undefined }
        : before;
    this.#lists.set(list, state);
    const { arrivals } = state;
    const newest = readAgain(ends.newest, state.newest);
    const oldest = readAgain(ends.oldest, state.oldest);
    state.newest = kept(newest);
    state.oldest = kept(oldest);

    const isNew = (key: string): boolean => !arrivals.has(key);
    if (isNew(newest.key)) {
      const { read, areAll } = await this.#read(list, "newest", 0, isNew);
      arrivals.came(read, since, areAll);
      for (const one of read.toReversed()) this.#tell(queue, one, since, onEvent);
    }
    if (isNew(oldest.key)) {
      const { read, areAll } = await this.#read(list, "oldest", 0, isNew);
      arrivals.cameToFront(read, since, areAll);
      for (const one of read) this.#tell(queue, one, since, onEvent);
    }
    arrivals.next(oldest.key);
    const { ahead } = arrivals;
    if (ahead !== undefined && ahead < MESSAGES) {
      const { read, areAll } = await this.#read(list, "oldest", ahead, isNew);
      arrivals.read(read, since, areAll);
      for (const one of read) this.#tell(queue, one, since, onEvent);
    }
    arrivals.keep(this.#bound);
    return this.#age(oldest, arrivals, since);
  }

  /**
   * New messages from one end on, after `skip` of them, until one that is not new. `areAll` when it came as far as that, or
   * to the other end.
   */
  async #read(
    list: string,
    end: "newest" | "oldest",
    skip: number,
    isNew: (key: string) => boolean,
  ): Promise<{ read: Read[]; areAll: boolean }> {
    const read: Read[] = [];
    const met = new Set<string>();
    let length = 0;
    for await (const raws of pages(this.#redis, list, end, this.#budget, skip)) {
      for (const raw of raws) {
        const one = decode(raw);
        // What was seen and stands before what is read on from has moved up meanwhile.
        if (!isNew(one.key) && (skip === 0 || read.length > 0)) return { read, areAll: true };
        // While others come or go a page can begin with what ended the one before.
        if (!isNew(one.key) || met.has(one.key)) continue;
        met.add(one.key);
        read.push(one);
      }
      length += raws.length;
      if (length >= MESSAGES) return { read, areAll: false };
    }
    return { read, areAll: this.#budget.bytes > 0 };
  }

  #tell(queue: string, { message, raw, problem }: Read, since: number, onEvent: (event: TaskEvent) => void): void {
    if (problem !== undefined) this.#malformed.report(`queue ${queue}`, problem, raw);
    if (message === undefined) return;
    this.#malformed.message(`queue ${queue}`, message);
    if (message.id === null) return;
    const run = message.redelivered
      ? this.#runs.returned(message.id, message.retries, since)
      : this.#runs.seen(message.id, message.retries);
    const event = fromMessage(message, { place: "queue", queue, run, at: since, seenAt: since });
    if (event !== undefined) onEvent(event);
  }

  #age({ key, message }: Read, arrivals: Arrivals, now: number): Age {
    const sentAt = message?.id == null ? undefined : this.#known.task(message.id)?.sentAt;
    if (sentAt !== undefined && message?.retries === 0 && !message.redelivered) return { at: Math.min(sentAt, now), from: "sent" };
    const { at, watched } = arrivals.of(key) ?? { at: now, watched: false };
    return { at, from: watched ? "watched" : "at-least" };
  }
}

function decode(raw: string): Read {
  const message = decodeTaskMessage(raw);
  if (!message.ok) return { key: digest(raw), redelivered: false, message: undefined, raw, problem: message.reason };
  const { deliveryTag, redelivered } = message.value;
  const tag = deliveryTag === null || deliveryTag.length > LONGEST_TAG ? digest(raw) : deliveryTag;
  // A message keeps its tag when it comes back, and is to be seen again then.
  return { key: redelivered ? `${tag} again` : tag, redelivered, message: message.value, raw, problem: undefined };
}

function readAgain(raw: string, before: Read | undefined): Read {
  return before?.raw === raw ? before : decode(raw);
}

function kept(read: Read): Read | undefined {
  return read.raw.length > LONGEST_KEPT ? undefined : read;
}

function digest(raw: string): string {
  return createHash("sha256").update(raw).digest("base64");
}
