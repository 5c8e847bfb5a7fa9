import type { Redis } from "ioredis";
import type { HeldMessage, QueueMessages, WaitingMessage } from "../../contract/queue.ts";
import type { CeleryKeys } from "../../wire/celery/keys.ts";
import { decodeTaskMessage, readTaskMessage, type TaskMessage } from "../../wire/celery/task-message.ts";
import { decodeUnacked } from "../../wire/celery/unacked.ts";
import { formatValue } from "../../wire/python/repr.ts";
import type { FoundMessage, Known } from "../broker.ts";
import { problemsOf } from "./from-message.ts";

const RAW_CHARACTERS = 64 * 1024;
const ARGUMENT_CHARACTERS = 1_000;
const SEARCH_PAGE = 100;

/** Reads what lies in queues and in `unacked`, without taking anything. */
export class Peek {
  readonly #redis: Redis;
  readonly #keys: CeleryKeys;
  readonly #known: Pick<Known, "task">;

  constructor(redis: Redis, keys: CeleryKeys, known: Pick<Known, "task">) {
    this.#redis = redis;
    this.#keys = keys;
    this.#known = known;
  }

  /** A page of waiting messages in the order in which workers take them: by priority step, the oldest first. */
  async queue(queue: string, options: { priority?: number; offset: number; limit: number }): Promise<QueueMessages> {
    const steps = this.#keys.options.prioritySteps.toSorted((a, b) => a - b);
    const lists = this.#keys
      .queueLists(queue)
      .map((list, i) => ({ list, priority: steps[i] ?? 0 }))
      .filter(({ priority }) => options.priority === undefined || priority === options.priority);
    const lengths = await this.#redis.pipeline(lists.map(({ list }) => ["llen", list])).exec();
    const messages: WaitingMessage[] = [];
    let depth = 0;
    let skip = options.offset;
    for (const [i, { list, priority }] of lists.entries()) {
      const length = lengths?.[i]?.[1];
      if (typeof length !== "number") continue;
      depth += length;
      const wanted = options.limit - messages.length;
      if (skip < length && wanted > 0) {
        const raws = await this.#redis.lrange(list, -(skip + wanted), -(skip + 1));
        for (const [at, raw] of raws.toReversed().entries()) messages.push(waitingMessage(raw, priority, skip + at));
      }
      skip = Math.max(0, skip - length);
    }
    const next = options.offset + messages.length;
    return { messages, depth, next: next < depth && messages.length > 0 ? next : null, readAt: Date.now() };
  }

  /** What is taken and not acknowledged, the longest held first. */
  async held(limit: number): Promise<{ messages: HeldMessage[]; total: number }> {
    const total = await this.#redis.zcard(this.#keys.unackedIndex);
    const index = await this.#redis.zrange(this.#keys.unackedIndex, 0, String(limit - 1), "WITHSCORES");
    const tags = index.filter((_, i) => i % 2 === 0);
    if (tags.length === 0) return { messages: [], total };
    const raws = await this.#redis.hmget(this.#keys.unacked, ...tags);
    const messages = tags.map((tag, i) => {
      const unacked = decodeUnacked(raws[i] ?? "");
      const message = unacked.ok ? readTaskMessage(unacked.value.envelope) : undefined;
      const id = message?.id ?? null;
      return {
        tag,
        id,
        name: message?.name ?? null,
        takenAt: Number(index[i * 2 + 1]) * 1000,
        holder: (id === null ? undefined : this.#known.task(id)?.worker) ?? null,
        etaAt: message?.etaAt ?? null,
      };
    });
    return { messages, total };
  }

  /** The message of one task where it lies now. Looks into the likeliest queue first, and at no more than `maxBytes`. */
  async find(task: string, queues: readonly string[], maxBytes: number): Promise<FoundMessage | undefined> {
    let budget = maxBytes;
    for (const queue of queues) {
      for (const list of this.#keys.queueLists(queue)) {
        for (let from = 0; budget > 0; from += SEARCH_PAGE) {
          const raws = await this.#redis.lrange(list, from, from + SEARCH_PAGE - 1).catch(() => []);
          for (const raw of raws) {
            budget -= raw.length;
            if (isMessageOf(raw, task)) return { raw, place: "queue", queue, takenAt: null };
          }
          if (raws.length < SEARCH_PAGE) break;
        }
      }
    }
    return this.#findUnacked(task, budget);
  }

  async #findUnacked(task: string, maxBytes: number): Promise<FoundMessage | undefined> {
    let budget = maxBytes;
    let cursor = "0";
    do {
      const [next, fields] = await this.#redis.hscan(this.#keys.unacked, cursor, "COUNT", SEARCH_PAGE);
      cursor = next;
      for (let i = 0; i + 1 < fields.length; i += 2) {
        const value = fields[i + 1] ?? "";
        budget -= value.length;
        const unacked = value.includes(task) ? decodeUnacked(value) : undefined;
        if (unacked?.ok !== true || !isMessageOf(unacked.value.envelope.raw, task)) continue;
        const takenAt = await this.#redis.zscore(this.#keys.unackedIndex, fields[i] ?? "");
        return {
          raw: unacked.value.envelope.raw,
          place: "unacked",
          queue: unacked.value.exchange === "" ? unacked.value.routingKey : null,
          takenAt: takenAt === null ? null : Number(takenAt) * 1000,
        };
      }
    } while (cursor !== "0" && budget > 0);
    return undefined;
  }
}

function isMessageOf(raw: string, task: string): boolean {
  if (!raw.includes(JSON.stringify(task).slice(1, -1))) return false;
  const message = decodeTaskMessage(raw);
  return message.ok && message.value.id === task;
}

function waitingMessage(raw: string, priority: number, position: number): WaitingMessage {
  const decodedMessage = decodeTaskMessage(raw);
  const message: TaskMessage | undefined = decodedMessage.ok ? decodedMessage.value : undefined;
  return {
    position,
    priority,
    id: message?.id ?? null,
    name: message?.shadow ?? message?.name ?? null,
    args: message?.argsRepr ?? (message?.args == null ? null : formatValue(message.args, ARGUMENT_CHARACTERS)),
    kwargs: message?.kwargsRepr ?? (message?.kwargs == null ? null : formatValue(message.kwargs, ARGUMENT_CHARACTERS)),
    retries: message?.retries ?? null,
    etaAt: message?.etaAt ?? null,
    expiresAt: message?.expiresAt ?? null,
    redelivered: message?.redelivered ?? false,
    size: Buffer.byteLength(raw),
    problems: message === undefined ? [decodedMessage.ok ? "" : decodedMessage.reason] : problemsOf(message),
    raw: raw.slice(0, RAW_CHARACTERS),
    rawCut: raw.length > RAW_CHARACTERS,
  };
}
