import type { Redis } from "ioredis";
import type { CeleryKeys } from "../../wire/celery/keys.ts";
import { guessExchangeType, nodeNames, parseBinding, type Binding } from "../../wire/celery/binding.ts";
import type { Malformed } from "./malformed.ts";

/** Keys looked at in one scan; a larger database is scanned on in the next one. */
const SCAN_STEPS = 200;
const SCAN_COUNT = 1_000;

/** Which queues and remote controlled nodes exist, from the binding tables, the lists, and what others say. */
export class QueueNames {
  readonly #redis: Redis;
  readonly #keys: CeleryKeys;
  readonly #malformed: Malformed;
  readonly #queues = new Set<string>();
  #nodes: string[] = [];
  #cursor = "0";

  constructor(redis: Redis, keys: CeleryKeys, malformed: Malformed) {
    this.#redis = redis;
    this.#keys = keys;
    this.#malformed = malformed;
  }

  get queues(): readonly string[] {
    return [...this.#queues];
  }

  /** Members of the remote control exchange: workers, beat, and stale names of killed ones. */
  get nodes(): readonly string[] {
    return this.#nodes;
  }

  /** A worker or a producer named this queue. */
  add(queue: string): void {
    if (isTaskQueue(queue, this.#keys)) this.#queues.add(queue);
  }

  /** Looks on from where the last look ended; a whole round of a small database in one call. */
  async look(): Promise<void> {
    for (let step = 0; step < SCAN_STEPS; step++) {
      const [cursor, keys] = await this.#redis.scan(this.#cursor, "COUNT", SCAN_COUNT);
      this.#cursor = cursor;
      await this.#sort(keys);
      if (cursor === "0") return;
    }
  }

  async #sort(found: readonly string[]): Promise<void> {
    const keys = found.filter((key) => !key.startsWith(this.#keys.result.task("")) && !key.startsWith("perennial:"));
    if (keys.length === 0) return;
    const types = await this.#redis.pipeline(keys.map((key) => ["type", key])).exec();
    for (const [i, key] of keys.entries()) {
      const type = types?.[i]?.[1];
      const exchange = this.#keys.parseBindings(key);
      if (exchange !== null) await this.#bindingTable(key, exchange, type);
      else if (type === "list") {
        const list = this.#keys.parseQueueList(key);
        if (list !== null) this.add(list.queue);
      }
    }
  }

  async #bindingTable(key: string, exchange: string, type: unknown): Promise<void> {
    if (type !== "set") {
      this.#malformed.report(`binding ${exchange}`, `${key} is a ${String(type)}, not a set`);
      return;
    }
    const bindings: Binding[] = [];
    for (const member of await this.#redis.smembers(key)) {
      const binding = parseBinding(member, this.#keys.options.sep);
      if (binding.ok) bindings.push(binding.value);
      else this.#malformed.report(`binding ${exchange}`, binding.reason, member);
    }
    if (exchange === this.#keys.controlExchange) this.#nodes = nodeNames(bindings, exchange);
    else if (guessExchangeType(exchange, bindings) !== "fanout") for (const { queue } of bindings) this.add(queue);
  }
}

/** Whether a name is that of a queue of tasks, not one of Celery's own for replies, events and broadcasts. */
function isTaskQueue(queue: string, keys: CeleryKeys): boolean {
  if (queue === "" || keys.isReplyQueue(queue) || queue.endsWith(`.${keys.controlExchange}`)) return false;
  return !queue.startsWith(`${keys.options.eventExchange}.`) && !queue.startsWith("bcast.");
}
