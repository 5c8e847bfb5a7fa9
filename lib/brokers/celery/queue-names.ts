import type { Redis } from "ioredis";
import { isReplyError } from "../../redis.ts";
import { guessExchangeType, parseBinding, type Binding } from "../../wire/celery/binding.ts";
import type { CeleryKeys } from "../../wire/celery/keys.ts";
import { decodeTaskMessage } from "../../wire/celery/task-message.ts";
import { boundedId } from "./bounded.ts";
import { isOurReplyQueue } from "./control.ts";
import type { Malformed } from "./malformed.ts";
import { replies, WRONG_TYPE } from "./read.ts";

/** Steps of each scan in one look; a larger database is scanned on in the next one. */
const SCAN_STEPS = 100;
const SCAN_COUNT = 1_000;
/** More queues than this are not told apart; those that nobody named for longest are forgotten first. */
const QUEUES = 10_000;
/** Lists that are no queues of Celery's, so that they are looked into only once. */
const OTHER_LISTS = 10_000;
/** A table that was read is not read again for this long: queues that it gains are told by their workers, or by what waits in them. */
const TABLE_MS = 600_000;
const LEFTOVER_SECONDS = 60;

/** A walk through all keys of one kind, a part at a time. */
interface Scan {
  filter: string[];
  cursor: string;
  begunAt: number;
  /** When the last walk that came to its end had begun. */
  completeAt: number;
}

/** Which queues exist: from the binding tables, the lists, and what workers and producers say. */
export class QueueNames {
  readonly #redis: Redis;
  readonly #keys: CeleryKeys;
  readonly #malformed: Malformed;
  /** Name → when it was last named. */
  readonly #queues = new Map<string, number>();
  readonly #otherLists = new Set<string>();
  /** Exchange → when its table was last read. */
  readonly #tables = new Map<string, number>();
  readonly #bindings: Scan;
  readonly #lists: Scan;
  #lookedAt = 0;
  #looking: Promise<void> | undefined;

  constructor(redis: Redis, keys: CeleryKeys, malformed: Malformed) {
    this.#redis = redis;
    this.#keys = keys;
    this.#malformed = malformed;
    this.#bindings = { filter: ["MATCH", keys.bindingPattern], cursor: "0", begunAt: 0, completeAt: 0 };
    this.#lists = { filter: ["TYPE", "list"], cursor: "0", begunAt: 0, completeAt: 0 };
  }

  get queues(): string[] {
    return [...this.#queues.keys()];
  }

  has(queue: string): boolean {
    return this.#queues.has(queue);
  }

  /** Every queue in which anything waited at this moment is known. 0 until the whole database was looked at once. */
  get completeAt(): number {
    return this.#lists.completeAt;
  }

  /** A worker or a producer named this queue. */
  add(queue: string, now = Date.now()): void {
    if (!isTaskQueue(queue, this.#keys)) return;
    // Named again, it moves to the end of the map.
    const namedAt = this.#queues.get(queue);
    if (namedAt !== undefined && now - namedAt < 1_000) return;
    this.#queues.delete(queue);
    this.#queues.set(queue, now);
    if (this.#queues.size <= QUEUES) return;
    const [oldest] = this.#queues.keys();
    if (oldest !== undefined) this.#queues.delete(oldest);
  }

  /** Looks on from where the last look ended; a whole round of a database of some 100,000 keys in one call. */
  async look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    await this.#looking;
  }

  /** Looks unless that was done not longer ago than this. */
  async lookUnlessSince(ms: number): Promise<void> {
    if (Date.now() - this.#lookedAt > ms) await this.look();
  }

  async #look(): Promise<void> {
    try {
      await this.#walk(this.#bindings, async (keys) => this.#bindingTables(keys));
      await this.#walk(this.#lists, async (keys) => this.#queueLists(keys));
    } catch (error) {
      // What workers and producers name is known all the same, and the rest of watching does not need it.
      if (!isReplyError(error, "NOPERM")) throw error;
      this.#malformed.report("queues", "Redis does not let us look for them: the user needs SCAN, SMEMBERS and LINDEX");
    }
    this.#lookedAt = Date.now();
  }

  async #walk(scan: Scan, onKeys: (keys: string[]) => Promise<void>): Promise<void> {
    for (let step = 0; step < SCAN_STEPS; step++) {
      if (scan.cursor === "0") scan.begunAt = Date.now();
      const [cursor, keys] = await this.#scan(scan);
      if (keys.length > 0) await onKeys(keys);
      scan.cursor = cursor;
      if (cursor !== "0") continue;
      scan.completeAt = scan.begunAt;
      return;
    }
  }

  async #scan(scan: Scan): Promise<[cursor: string, keys: string[]]> {
    try {
      const found = await this.#redis.call("SCAN", scan.cursor, "COUNT", SCAN_COUNT, ...scan.filter);
      return readScan(found);
    } catch (error) {
      if (scan.filter[0] !== "TYPE" || !isReplyError(error, "ERR")) throw error;
      // Redis before 6.0 does not filter by type: what is no list is left out when it is looked into.
      scan.filter = [];
      return this.#scan(scan);
    }
  }

  async #bindingTables(keys: readonly string[]): Promise<void> {
    const now = Date.now();
    const due: { key: string; exchange: string }[] = [];
    for (const key of keys) {
      const exchange = this.#keys.parseBindings(key);
      // Questions and answers have exchanges of their own; whom they are for does not matter here.
      if (exchange === null || exchange === this.#keys.controlExchange || exchange === `reply.${this.#keys.controlExchange}`) continue;
      if (now - (this.#tables.get(exchange) ?? 0) >= TABLE_MS) due.push({ key, exchange });
    }
    const tables = await replies(
      this.#redis,
      due.map(({ key }) => ["smembers", key]),
    );
    for (const [i, { key, exchange }] of due.entries()) {
      const members = tables[i];
      if (members === WRONG_TYPE) this.#malformed.report(`binding ${exchange}`, `${key} is no set`);
      if (this.#tables.size >= QUEUES) this.#tables.clear();
      this.#tables.set(exchange, now);
      if (Array.isArray(members)) this.#table(exchange, members);
    }
  }

  #table(exchange: string, members: readonly unknown[]): void {
    const bindings: Binding[] = [];
    for (const member of members) {
      const binding = parseBinding(String(member), this.#keys.options.sep);
      if (binding.ok) bindings.push(binding.value);
      else this.#malformed.report(`binding ${exchange}`, binding.reason, String(member));
    }
    if (guessExchangeType(exchange, bindings) !== "fanout") for (const { queue } of bindings) this.add(queue);
  }

  async #queueLists(keys: readonly string[]): Promise<void> {
    const unknown: { key: string; queue: string }[] = [];
    for (const key of keys) {
      const list = this.#keys.parseQueueList(key);
      if (list === null || this.#keys.result.taskId(key) !== null) continue;
      if (isOurReplyQueue(list.queue, this.#keys)) await this.#redis.expire(key, LEFTOVER_SECONDS);
      else if (this.#queues.has(list.queue)) this.add(list.queue);
      else if (isTaskQueue(list.queue, this.#keys) && !this.#otherLists.has(key)) unknown.push({ key, queue: list.queue });
    }
    const oldest = await replies(
      this.#redis,
      unknown.map(({ key }) => ["lindex", key, -1]),
    );
    for (const [i, { key, queue }] of unknown.entries()) {
      const raw = oldest[i];
      if (typeof raw === "string" && isOfQueue(raw, queue)) this.add(queue);
      else if (this.#otherLists.size < OTHER_LISTS) this.#otherLists.add(key);
    }
  }
}

/** Whether a list with this message is a queue of this application, and not a list of somebody else. */
function isOfQueue(raw: string, queue: string): boolean {
  const message = decodeTaskMessage(raw);
  if (!message.ok || message.value.envelope.properties === null) return false;
  const { exchange, routingKey } = message.value;
  // Another application in the same database has a prefix in front of its keys, and not in its messages.
  return exchange !== "" || routingKey === null || routingKey === queue || !queue.endsWith(routingKey);
}

/** Whether a name is that of a queue of tasks, not one of Celery's own for replies, events and broadcasts. */
function isTaskQueue(queue: string, keys: CeleryKeys): boolean {
  if (boundedId(queue) === undefined || keys.isReplyQueue(queue) || queue.endsWith(`.${keys.controlExchange}`)) return false;
  return !queue.startsWith(`${keys.options.eventExchange}.`) && !queue.startsWith("bcast.");
}

function readScan(found: unknown): [cursor: string, keys: string[]] {
  const [cursor, keys] = Array.isArray(found) ? (found as unknown[]) : [];
  if (typeof cursor !== "string" || !Array.isArray(keys)) throw new Error("Redis answered SCAN otherwise than expected");
  return [cursor, keys.filter((key) => typeof key === "string")];
}
