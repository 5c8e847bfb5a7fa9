import type { Redis } from "ioredis";
import type { HeldMessage, QueueMessages, WaitingMessage } from "../../contract/queue.ts";
import type { CeleryKeys } from "../../wire/celery/keys.ts";
import { decodeTaskMessage, readTaskMessage, type TaskMessage } from "../../wire/celery/task-message.ts";
import { decodeUnacked } from "../../wire/celery/unacked.ts";
import { formatValue } from "../../wire/python/repr.ts";
import type { FoundMessage, Known } from "../broker.ts";
import { problemsOf } from "./from-message.ts";
import { mayBeOf } from "./message-ids.ts";
import { type Budget, pages, replies, reply, WRONG_TYPE } from "./read.ts";

const RAW_CHARACTERS = 64 * 1024;
const ARGUMENT_CHARACTERS = 1_000;
const SCAN_COUNT = 100;
/** Read for one page, at most: a page of long messages is a short one. */
const PAGE_BYTES = 16 * 1024 * 1024;

/** What a search came to: `isWhole` when it looked at everything. */
export interface Sought {
  found: (FoundMessage & { list: string | null }) | undefined;
  isWhole: boolean;
}

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
    const lengths = await replies(
      this.#redis,
      lists.map(({ list }) => ["llen", list]),
    );
    const depths = lengths.map((length) => (typeof length === "number" ? length : 0));
    const depth = depths.reduce((sum, length) => sum + length, 0);
    const messages: WaitingMessage[] = [];
    let skip = options.offset;
    const budget: Budget = { bytes: PAGE_BYTES };
    for (const [i, { list, priority }] of lists.entries()) {
      const length = depths[i] ?? 0;
      const wanted = options.limit - messages.length;
      if (skip < length && wanted > 0) {
        const raws: string[] = [];
        for await (const page of pages(this.#redis, list, "oldest", budget, skip)) {
          raws.push(...page);
          if (raws.length >= wanted) break;
        }
        for (const [at, raw] of raws.slice(0, wanted).entries()) messages.push(waitingMessage(raw, priority, skip + at));
        // A page cut short by its bytes goes on in this list.
        if (raws.length < Math.min(wanted, length - skip)) break;
      }
      skip = Math.max(0, skip - length);
    }
    const next = options.offset + messages.length;
    return { messages, depth, next: next < depth && messages.length > 0 ? next : null, readAt: Date.now() };
  }

  /** What is taken and not acknowledged, the longest held first. */
  async held(limit: number): Promise<{ messages: HeldMessage[]; total: number }> {
    const total = await reply(this.#redis.zcard(this.#keys.unackedIndex));
    const index = await reply(this.#redis.zrange(this.#keys.unackedIndex, 0, String(limit - 1), "WITHSCORES"));
    if (total === WRONG_TYPE || index === WRONG_TYPE || index.length === 0) return { messages: [], total: 0 };
    const tags = index.filter((_, i) => i % 2 === 0);
    const raws = await reply(this.#redis.hmget(this.#keys.unacked, ...tags));
    const messages = tags.map((tag, i) => {
      const unacked = decodeUnacked((raws === WRONG_TYPE ? null : raws[i]) ?? "");
      const message = unacked.ok ? readTaskMessage(unacked.value.envelope) : undefined;
      const id = message?.id ?? null;
      return {
        tag,
        id,
        name: message?.shadow ?? message?.name ?? null,
        takenAt: Number(index[i * 2 + 1]) * 1000,
        holder: (id === null ? undefined : this.#known.task(id)?.worker) ?? null,
        etaAt: message?.etaAt ?? null,
      };
    });
    return { messages, total };
  }

  /** The message of one task where it lies now. Looks into the likeliest queue first, and at no more than `maxBytes`. */
  async find(task: string, queues: readonly string[], maxBytes: number): Promise<Sought> {
    const budget: Budget = { bytes: maxBytes };
    for (const queue of queues) {
      for (const list of this.#keys.queueLists(queue)) {
        for await (const raws of pages(this.#redis, list, "newest", budget)) {
          const raw = raws.find((one) => isMessageOf(one, task));
          if (raw !== undefined) return { found: { raw, place: "queue", queue, takenAt: null, list }, isWhole: true };
        }
      }
    }
    // Last, because that is where a message goes from its queue.
    return this.#findUnacked(task, budget);
  }

  async #findUnacked(task: string, budget: Budget): Promise<Sought> {
    let cursor = "0";
    do {
      const scanned = await reply(this.#redis.hscan(this.#keys.unacked, cursor, "COUNT", SCAN_COUNT));
      if (scanned === WRONG_TYPE) return { found: undefined, isWhole: false };
      const [next, fields] = scanned;
      cursor = next;
      for (let i = 0; i + 1 < fields.length; i += 2) {
        const value = fields[i + 1] ?? "";
        budget.bytes -= value.length;
        const unacked = mayBeOf(value, task) ? decodeUnacked(value) : undefined;
        if (unacked?.ok !== true || readTaskMessage(unacked.value.envelope).id !== task) continue;
        const { envelope, exchange, routingKey } = unacked.value;
        const takenAt = await reply(this.#redis.zscore(this.#keys.unackedIndex, fields[i] ?? ""));
        const found: Sought["found"] = {
          raw: envelope.raw,
          place: "unacked",
          queue: exchange === "" ? routingKey : null,
          takenAt: takenAt === null || takenAt === WRONG_TYPE ? null : Number(takenAt) * 1000,
          list: null,
        };
        return { found, isWhole: true };
      }
    } while (cursor !== "0" && budget.bytes > 0);
    return { found: undefined, isWhole: budget.bytes > 0 };
  }
}

function isMessageOf(raw: string, task: string): boolean {
  if (!mayBeOf(raw, task)) return false;
  const message = decodeTaskMessage(raw);
  return message.ok && message.value.id === task;
}

function waitingMessage(raw: string, priority: number, position: number): WaitingMessage {
  const decoded = decodeTaskMessage(raw);
  const message: TaskMessage | undefined = decoded.ok ? decoded.value : undefined;
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
    problems: message === undefined ? [decoded.ok ? "" : decoded.reason] : problemsOf(message),
    raw: raw.slice(0, RAW_CHARACTERS),
    rawCut: raw.length > RAW_CHARACTERS,
  };
}
