import type { Redis } from "ioredis";
import type { QueueSample, RedisSample, Sample } from "../../log/log.ts";
import type { Event } from "../../model/event.ts";
import type { CeleryKeys } from "../../wire/celery/keys.ts";
import type { Malformed } from "./malformed.ts";
import type { QueueNames } from "./queue-names.ts";
import type { QueueReader } from "./queue-reader.ts";
import type { Unacked } from "./unacked.ts";

/** Redis' own state changes slowly, and INFO is not free. */
const INFO_MS = 10_000;
/** Queues looked at in one sample; the empty ones of a larger number take turns. */
const QUEUES = 500;

/** Depths and ages of the queues, what is unacknowledged, and how Redis is. */
export class Sampler {
  readonly #redis: Redis;
  readonly #keys: CeleryKeys;
  readonly #names: QueueNames;
  readonly #reader: QueueReader;
  readonly #unacked: Unacked;
  readonly #malformed: Malformed;
  readonly #last = new Map<string, QueueSample>();
  #turn = 0;
  #redisSample: RedisSample | undefined;
  #infoAt = 0;

  constructor(parts: { redis: Redis; keys: CeleryKeys; names: QueueNames; reader: QueueReader; unacked: Unacked; malformed: Malformed }) {
    this.#redis = parts.redis;
    this.#keys = parts.keys;
    this.#names = parts.names;
    this.#reader = parts.reader;
    this.#unacked = parts.unacked;
    this.#malformed = parts.malformed;
  }

  async take(now: number): Promise<{ sample: Sample; events: Event[] }> {
    const events: Event[] = [];
    this.#reader.begin();
    for (const queue of this.#chosen()) {
      const { sample, arrived } = await this.#queue(queue, now);
      this.#last.set(queue, sample);
      events.push(...arrived);
    }
    events.push(...(await this.#unacked.look(now)), ...this.#malformed.take(now));
    if (now - this.#infoAt >= INFO_MS) {
      this.#infoAt = now;
      this.#redisSample = redisSample(await this.#redis.info());
    }
    const sample: Sample = { at: now, queues: [...this.#last.values()], unacked: this.#unacked.summary };
    if (this.#redisSample !== undefined) sample.redis = this.#redisSample;
    return { sample, events };
  }

  /** All queues; of very many those that held something, and as many of the others as fit. */
  #chosen(): string[] {
    const all = this.#names.queues;
    if (all.length <= QUEUES) return [...all];
    const filled = all.filter((queue) => (this.#last.get(queue)?.byPriority ?? []).some(({ depth }) => depth > 0)).slice(0, QUEUES / 2);
    const start = this.#turn % all.length;
    const others = [...all.slice(start), ...all.slice(0, start)].slice(0, QUEUES - filled.length);
    this.#turn = (start + others.length) % all.length;
    return [...new Set([...filled, ...others])];
  }

  async #queue(queue: string, now: number): Promise<{ sample: QueueSample; arrived: Event[] }> {
    const lists = this.#keys.queueLists(queue);
    const steps = this.#keys.options.prioritySteps.toSorted((a, b) => a - b);
    const lengths = await this.#redis.pipeline(lists.map((list) => ["llen", list])).exec();
    const sample: QueueSample = { name: queue, byPriority: [] };
    const arrived: Event[] = [];
    for (const [i, list] of lists.entries()) {
      const [error, length] = lengths?.[i] ?? [null, 0];
      if (error) this.#malformed.report(`queue ${queue}`, error.message.startsWith("WRONGTYPE") ? `${list} is no list` : error.message);
      const depth = typeof length === "number" ? length : 0;
      sample.byPriority.push({ priority: steps[i] ?? 0, depth });
      if (error) continue;
      arrived.push(...(await this.#reader.arrivals(queue, list, depth, now)));
      if (depth === 0) continue;
      const oldest = await this.#reader.oldest(queue, list, now);
      if (oldest !== undefined && (sample.oldest === undefined || oldest.at < sample.oldest.at)) sample.oldest = oldest;
      const pttl = await this.#redis.pttl(list);
      if (pttl >= 0) sample.expiresInMs = Math.min(sample.expiresInMs ?? Infinity, pttl);
    }
    return { sample, arrived };
  }
}

/** The fields of INFO that matter to a broker. */
export function redisSample(info: string): RedisSample {
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
