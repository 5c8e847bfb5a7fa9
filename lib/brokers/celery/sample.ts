import type { Redis } from "ioredis";
import type { QueueSample, RedisSample, Sample } from "../../log/log.ts";
import type { Event } from "../../model/event.ts";
import { isReplyError } from "../../redis.ts";
import type { CeleryKeys } from "../../wire/celery/keys.ts";
import type { Malformed } from "./malformed.ts";
import type { QueueNames } from "./queue-names.ts";
import type { QueueReader } from "./queue-reader.ts";
import { filledLists, replies, WRONG_TYPE } from "./read.ts";
import type { Unacked } from "./unacked.ts";

/** Redis' own state changes slowly, and INFO is not free. */
const INFO_MS = 10_000;
/** Queues looked at in one sample; of a larger number half are the deepest, and the others take turns. */
const QUEUES = 500;
/** Events that could not be handed over because Redis failed in between, at most. */
const EVENTS = 50_000;

interface List {
  queue: string;
  list: string;
  priority: number;
}

/** Depths and ages of the queues, what is unacknowledged, and how Redis is. */
export class Sampler {
  readonly #redis: Redis;
  readonly #keys: CeleryKeys;
  readonly #names: QueueNames;
  readonly #reader: QueueReader;
  readonly #unacked: Unacked;
  readonly #malformed: Malformed;
  readonly #steps: number[];
  /** How deep each queue was when it was last looked at. */
  readonly #looked = new Map<string, { depth: number; at: number }>();
  /** Lists that held anything in the last look. */
  #filledLists = new Set<string>();
  #redisSample: RedisSample | undefined;
  #infoAt = 0;
  /** What was read and not handed over yet: a failure in between must not swallow it. */
  #events: Event[] = [];

  constructor(parts: { redis: Redis; keys: CeleryKeys; names: QueueNames; reader: QueueReader; unacked: Unacked; malformed: Malformed }) {
    this.#redis = parts.redis;
    this.#keys = parts.keys;
    this.#names = parts.names;
    this.#reader = parts.reader;
    this.#unacked = parts.unacked;
    this.#malformed = parts.malformed;
    this.#steps = parts.keys.options.prioritySteps.toSorted((a, b) => a - b);
  }

  async take(now: number): Promise<{ sample: Sample; events: Event[] }> {
    const queues = await this.#queues(now);
    this.#tell(await this.#unacked.sample(now));
    await this.#info(now);
    this.#tell(this.#malformed.take(now));
    const events = this.#events;
    this.#events = [];
    const sample: Sample = { at: now, queues, unacked: this.#unacked.summary };
    if (this.#redisSample !== undefined) sample.redis = this.#redisSample;
    return { sample, events };
  }

  async #queues(now: number): Promise<QueueSample[]> {
    const chosen = this.#chosen();
    const lists = chosen.flatMap((queue) => this.#listsOf(queue));
    const lengths = await filledLists(
      this.#redis,
      lists.map(({ list }) => list),
      (list) => this.#filledLists.has(list),
    );
    const samples = new Map<string, QueueSample>(chosen.map((name) => [name, { name, byPriority: [] }]));
    const filled: List[] = [];
    for (const one of lists) {
      const length = lengths.get(one.list) ?? 0;
      if (length === WRONG_TYPE) this.#malformed.report(`queue ${one.queue}`, `${one.list} is no list`);
      const depth = length === WRONG_TYPE ? 0 : length;
      samples.get(one.queue)?.byPriority.push({ priority: one.priority, depth });
      if (depth > 0) filled.push(one);
      else this.#reader.empty(one.list);
    }
    for (const sample of samples.values()) this.#looked.set(sample.name, { depth: depthOf(sample), at: now });
    this.#filledLists = new Set(filled.map(({ list }) => list));
    await this.#ends(filled, samples, now);
    return [...samples.values()];
  }

  #listsOf(queue: string): List[] {
    return this.#keys.queueLists(queue).map((list, i) => ({ queue, list, priority: this.#steps[i] ?? 0 }));
  }

  /** All queues; of very many the deepest, and those that nobody looked at for longest. */
  #chosen(): string[] {
    const all = this.#names.queues;
    if (this.#reader.size > 2_000 + 2 * all.length * this.#steps.length)
      this.#reader.keep(new Set(all.flatMap((queue) => this.#keys.queueLists(queue))));
    for (const queue of this.#looked.keys()) if (!this.#names.has(queue)) this.#looked.delete(queue);
    if (all.length <= QUEUES) return all;
    const depth = (queue: string): number => this.#looked.get(queue)?.depth ?? 0;
    const lookedAt = (queue: string): number => this.#looked.get(queue)?.at ?? 0;
    const filled = all.filter((queue) => depth(queue) > 0);
    const deepest = new Set(filled.toSorted((a, b) => depth(b) - depth(a)).slice(0, QUEUES / 2));
    const others = all.filter((queue) => !deepest.has(queue)).toSorted((a, b) => lookedAt(a) - lookedAt(b));
    return [...deepest, ...others.slice(0, QUEUES - deepest.size)];
  }

  /** Both ends of each list, and its remaining life; the reader goes on from there. */
  async #ends(filled: readonly List[], samples: Map<string, QueueSample>, now: number): Promise<void> {
    this.#reader.begin();
    const ends = await replies(
      this.#redis,
      filled.flatMap(({ list }) => [
        ["lindex", list, 0],
        ["lindex", list, -1],
        ["pttl", list],
      ]),
    );
    for (const [i, { queue, list }] of filled.entries()) {
      const [newest, oldest, pttl] = ends.slice(i * 3, i * 3 + 3);
      const sample = samples.get(queue);
      if (typeof newest !== "string" || typeof oldest !== "string" || sample === undefined) continue;
      const age = await this.#reader.look(queue, list, { newest, oldest }, now, (event) => this.#tell([event]));
      if (sample.oldest === undefined || age.at < sample.oldest.at) sample.oldest = age;
      if (typeof pttl === "number" && pttl >= 0) sample.expiresInMs = Math.min(sample.expiresInMs ?? Infinity, pttl);
    }
  }

  async #info(now: number): Promise<void> {
    if (now - this.#infoAt < INFO_MS) return;
    this.#infoAt = now;
    try {
      this.#redisSample = redisSample(await this.#redis.info());
    } catch (error) {
      // A user that may only read what is Celery's sees no charts of Redis.
      if (!isReplyError(error, "NOPERM")) throw error;
    }
  }

  #tell(events: readonly Event[]): void {
    for (const event of events) if (this.#events.length < EVENTS) this.#events.push(event);
  }
}

function depthOf({ byPriority }: QueueSample): number {
  return byPriority.reduce((sum, { depth }) => sum + depth, 0);
}

/** The fields of INFO that matter to a broker. */
function redisSample(info: string): RedisSample {
  const fields = new Map(info.split(/\r?\n/).map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)] as const));
  const number = (name: string): number => Number(fields.get(name) ?? 0) || 0;
  return {
    usedBytes: number("used_memory"),
    maxBytes: number("maxmemory") || null,
    policy: fields.get("maxmemory_policy") ?? null,
    clients: number("connected_clients"),
    evicted: number("evicted_keys"),
    version: fields.get("redis_version") ?? "",
  };
}
