import type { Redis } from "ioredis";
import { retriesOf, type TaskEvent } from "../../model/event.ts";
import { Step } from "../../model/task.ts";
import type { CeleryKeys } from "../../wire/celery/keys.ts";
import { readTaskMessage, type TaskMessage } from "../../wire/celery/task-message.ts";
import { decodeUnacked } from "../../wire/celery/unacked.ts";
import type { Known } from "../broker.ts";
import { fromMessage } from "./from-message.ts";
import type { Malformed } from "./malformed.ts";
import { nextLength, reply, WRONG_TYPE } from "./read.ts";
import { boundedRetries, type Runs } from "./runs.ts";

/** Tags looked at in one round; beyond it the rest is not checked, and said so. */
const TAGS = 50_000;
const BYTES = 8 * 1024 * 1024;
/** A message that is held for this long, by our clock, and whose receipt nobody told is told by us. */
const SETTLED_MS = 1_500;
/** So many tags are worth reading again each second: thousands of tasks that wait for their time take turns with the clock. */
const TAGS_A_SECOND = 2_000;

interface Held {
  /** Null when its message has no id or could not be read; undefined until it was looked at. */
  task: string | null | undefined;
  /** By the clock of the worker that took it, epoch ms. */
  takenAt: number;
  /** When this taking of it was first and last seen, by our clock. */
  seenAt: number;
  lastSeenAt: number;
  /** Nothing more is to be told about this taking. */
  told: boolean;
  /** When the taking before this one was last seen: the message was restored in between. */
  takenBeforeAt: number | undefined;
}

/** Which messages workers hold. The index is read as a whole, every message's bytes only once for each time it is taken. */
export class Unacked {
  readonly #redis: Redis;
  readonly #keys: CeleryKeys;
  readonly #runs: Runs;
  readonly #known: Pick<Known, "task">;
  readonly #malformed: Malformed;
  #held = new Map<string, Held>();
  #tasks = new Set<string>();
  #count = 0;
  #complete = false;
  #lookedAt = 0;
  #untold: TaskEvent[] = [];
  #looking: Promise<unknown> = Promise.resolve();

  constructor(redis: Redis, keys: CeleryKeys, runs: Runs, known: Pick<Known, "task">, malformed: Malformed) {
    this.#redis = redis;
    this.#keys = keys;
    this.#runs = runs;
    this.#known = known;
    this.#malformed = malformed;
  }

  /** Whether a worker held the message of a task when we last looked. */
  holds(task: string): boolean {
    return this.#tasks.has(task);
  }

  /** Whether the last look saw everything, so that what it did not see is not held. */
  get complete(): boolean {
    return this.#complete;
  }

  /** How many are held, and since when the first: by the clock of the worker that took it. */
  get summary(): { count: number; oldestAt: number | null } {
    let oldestAt: number | null = null;
    for (const { takenAt } of this.#held.values()) if (oldestAt === null || takenAt < oldestAt) oldestAt = takenAt;
    return { count: this.#count, oldestAt };
  }

  /**
   * Looks now and then, the more seldom the more there is, and reads only what is held for long. Answers events for messages
   * whose receipt nobody told.
   */
  async sample(now: number): Promise<TaskEvent[]> {
    if (now - this.#lookedAt < (this.#held.size / TAGS_A_SECOND) * 1000) return [];
    return this.#afterOthers(async () => this.#look(now, (one) => isDue(one, now)));
  }

  /** Looks at all that is held now: `complete` says whether it could be. */
  async look(now: number): Promise<TaskEvent[]> {
    return this.#afterOthers(async () => this.#look(now, (one) => one.task === undefined || isDue(one, now)));
  }

  /** Two never look at once. */
  async #afterOthers(look: () => Promise<TaskEvent[]>): Promise<TaskEvent[]> {
    const looking = this.#looking.then(look);
    this.#looking = looking.catch(() => undefined);
    return looking;
  }

  async #look(now: number, isWanted: (one: Held) => boolean): Promise<TaskEvent[]> {
    this.#complete = false;
    const index = await reply(this.#redis.zrange(this.#keys.unackedIndex, 0, String(TAGS - 1), "WITHSCORES"));
    if (index === WRONG_TYPE) {
      this.#malformed.report("unacked", `${this.#keys.unackedIndex} is no sorted set`);
      return [];
    }
    const held = new Map<string, Held>();
    for (let i = 0; i + 1 < index.length; i += 2) {
      const tag = index[i] ?? "";
      held.set(tag, taken(this.#held.get(tag), Number(index[i + 1]) * 1000, now));
    }
    const isCut = index.length >= TAGS * 2;
    this.#count = isCut ? await this.#redis.zcard(this.#keys.unackedIndex) : held.size;
    await this.#readAll(
      [...held].filter(([, one]) => isWanted(one)),
      now,
    );
    this.#held = held;
    this.#tasks = new Set();
    let isRead = true;
    for (const one of held.values()) {
      if (one.task === undefined) isRead = false;
      else if (one.task !== null) this.#tasks.add(one.task);
    }
    this.#complete = isRead && !isCut;
    this.#lookedAt = now;
    const told = this.#untold;
    this.#untold = [];
    return told;
  }

  async #readAll(unread: readonly [string, Held][], now: number): Promise<void> {
    let budget = BYTES;
    let length = 1;
    for (let at = 0; at < unread.length && budget > 0;) {
      const batch = unread.slice(at, at + length);
      at += length;
      const raws = await reply(this.#redis.hmget(this.#keys.unacked, ...batch.map(([tag]) => tag)));
      if (raws === WRONG_TYPE) {
        this.#malformed.report("unacked", `${this.#keys.unacked} is no hash`);
        return;
      }
      for (const [i, [, one]] of batch.entries()) {
        const raw = raws[i] ?? null;
        budget -= raw?.length ?? 0;
        // Acknowledged since the index was read.
        if (raw === null) one.task ??= null;
        else this.#read(raw, one, now);
      }
      length = nextLength(at, BYTES - budget);
    }
  }

  #read(raw: string, one: Held, now: number): void {
    const message = this.#decode(raw, one.task === undefined);
    one.task = message?.id ?? null;
    if (message === undefined || message.id === null) one.told = true;
    if (message === undefined || message.id === null || !isDue(one, now)) return;
    one.told = true;
    const isAnother = one.takenBeforeAt !== undefined && message.redelivered;
    if (!isAnother && this.#isTold(message.id, message.retries)) return;
    const run = isAnother
      ? this.#runs.heldAgain(message.id, message.retries, one.takenBeforeAt ?? 0)
      : this.#runs.held(message.id, message.retries);
    const event = fromMessage(message, { place: "unacked", queue: undefined, run, at: one.takenAt, seenAt: now });
    if (event !== undefined) this.#untold.push(event);
  }

  /** Whether it is known that a worker has this attempt. */
  #isTold(task: string, retries: number): boolean {
    const known = this.#known.task(task);
    if (known === undefined || retriesOf(known.run) < boundedRetries(retries)) return false;
    return retriesOf(known.run) > boundedRetries(retries) || known.received || known.step >= Step.RECEIVED;
  }

  #decode(raw: string, report: boolean): TaskMessage | undefined {
    const unacked = decodeUnacked(raw);
    if (!unacked.ok) {
      this.#malformed.report("unacked", unacked.reason, raw);
      return undefined;
    }
    const message = readTaskMessage(unacked.value.envelope);
    if (report) this.#malformed.message("unacked", message);
    return message;
  }
}

function taken(before: Held | undefined, takenAt: number, now: number): Held {
  if (before?.takenAt === takenAt) {
    before.lastSeenAt = now;
    return before;
  }
  return { task: before?.task, takenAt, seenAt: now, lastSeenAt: now, told: false, takenBeforeAt: before?.lastSeenAt };
}

/** It is held for so long that its worker would have told, and nothing was said about it yet. */
function isDue(one: Held, now: number): boolean {
  return !one.told && now - one.seenAt >= SETTLED_MS;
}
