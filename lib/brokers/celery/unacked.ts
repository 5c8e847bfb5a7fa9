import type { Redis } from "ioredis";
import type { Event } from "../../model/event.ts";
import type { CeleryKeys } from "../../wire/celery/keys.ts";
import { readTaskMessage, type TaskMessage } from "../../wire/celery/task-message.ts";
import { decodeUnacked } from "../../wire/celery/unacked.ts";
import type { Known } from "../broker.ts";
import { fromMessage, problemsOf } from "./from-message.ts";
import type { Malformed } from "./malformed.ts";
import type { Runs } from "./runs.ts";

const BATCH = 100;
/** Tags looked at in one round; beyond it the rest is not checked, and said so. */
const TAGS = 50_000;
const BYTES = 8 * 1024 * 1024;
/** A message that was taken this long ago and whose receipt nobody told is told by us. */
const SETTLED_MS = 1_500;

interface Held {
  task: string | null;
  takenAt: number;
  told: boolean;
}

/** Which messages workers hold. Read by score from where the last look ended; every message's bytes only once. */
export class Unacked {
  readonly #redis: Redis;
  readonly #keys: CeleryKeys;
  readonly #runs: Runs;
  readonly #known: Pick<Known, "task">;
  readonly #malformed: Malformed;
  #held = new Map<string, Held>();
  #tasks = new Map<string, number>();
  #complete = false;

  constructor(redis: Redis, keys: CeleryKeys, runs: Runs, known: Pick<Known, "task">, malformed: Malformed) {
    this.#redis = redis;
    this.#keys = keys;
    this.#runs = runs;
    this.#known = known;
    this.#malformed = malformed;
  }

  /** When the message of a task was taken; undefined when no worker holds it. */
  takenAt(task: string): number | undefined {
    return this.#tasks.get(task);
  }

  /** Whether the last look saw everything, so that what it did not see is not held. */
  get complete(): boolean {
    return this.#complete;
  }

  get summary(): { count: number; oldestAt: number | null } {
    let oldestAt: number | null = null;
    for (const { takenAt } of this.#held.values()) if (oldestAt === null || takenAt < oldestAt) oldestAt = takenAt;
    return { count: this.#held.size, oldestAt };
  }

  /** Looks at what is held now. Answers events for messages whose receipt was not told. */
  async look(now: number): Promise<Event[]> {
    const index = await this.#index();
    if (index === undefined) return [];
    const held = new Map<string, Held>();
    const unread: string[] = [];
    for (let i = 0; i + 1 < index.length; i += 2) {
      const tag = index[i] ?? "";
      const takenAt = Number(index[i + 1]) * 1000;
      const before = this.#held.get(tag);
      held.set(tag, { task: before?.task ?? null, takenAt, told: before?.told ?? false });
      if (before === undefined || !before.told) unread.push(tag);
    }
    const events = await this.#read(unread, held, now);
    this.#held = held;
    this.#tasks = new Map();
    for (const { task, takenAt } of held.values()) if (task !== null) this.#tasks.set(task, takenAt);
    return events;
  }

  async #index(): Promise<string[] | undefined> {
    try {
      const index = await this.#redis.zrange(this.#keys.unackedIndex, 0, String(TAGS - 1), "WITHSCORES");
      this.#complete = index.length < TAGS * 2;
      return index;
    } catch (error) {
      this.#complete = false;
      if (error instanceof Error && error.message.startsWith("WRONGTYPE")) {
        this.#malformed.report("unacked", `${this.#keys.unackedIndex} is no sorted set`);
        return undefined;
      }
      throw error;
    }
  }

  async #read(tags: readonly string[], held: Map<string, Held>, now: number): Promise<Event[]> {
    const events: Event[] = [];
    let budget = BYTES;
    for (let at = 0; at < tags.length; at += BATCH) {
      if (budget <= 0) {
        this.#complete = false;
        break;
      }
      const batch = tags.slice(at, at + BATCH);
      for (const [i, raw] of (await this.#fields(batch)).entries()) {
        const entry = held.get(batch[i] ?? "");
        if (raw === null || entry === undefined) continue;
        budget -= raw.length;
        const message = this.#decode(raw);
        entry.task = message?.id ?? null;
        if (message === undefined || message.id === null) {
          entry.told = true;
        } else if (now - entry.takenAt >= SETTLED_MS) {
          entry.told = true;
          if (this.#known.task(message.id)?.received === true) continue;
          const event = fromMessage(message, { place: "unacked", queue: undefined, at: entry.takenAt, seenAt: now }, this.#runs);
          if (event !== undefined) events.push(event);
        }
      }
    }
    return events;
  }

  async #fields(tags: readonly string[]): Promise<(string | null)[]> {
    try {
      return await this.#redis.hmget(this.#keys.unacked, ...tags);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith("WRONGTYPE")) throw error;
      this.#complete = false;
      this.#malformed.report("unacked", `${this.#keys.unacked} is no hash`);
      return [];
    }
  }

  #decode(raw: string): TaskMessage | undefined {
    const unacked = decodeUnacked(raw);
    if (!unacked.ok) {
      this.#malformed.report("unacked", unacked.reason, raw);
      return undefined;
    }
    const message = readTaskMessage(unacked.value.envelope);
    for (const problem of problemsOf(message)) this.#malformed.report("unacked", problem, raw);
    return message;
  }
}
