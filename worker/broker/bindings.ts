import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { defineScript } from "../../lib/redis.ts";
import { matchQueues, parseBinding } from "../../lib/wire/celery/binding.ts";
import type { CeleryKeys } from "../../lib/wire/celery/keys.ts";

/** Twice the 10 s after which a node's queue expires, but an hour at least (Kombu 5.7). */
const NODE_TTL_MS = 3_600_000;

/** How messages come to a queue. */
export interface Route {
  exchange: string;
  routingKey: string;
}

/** Members of the exchanges' binding tables, as Kombu 5.7 keeps them (`kombu/transport/redis.py`, `_queue_bind`). */
export class Bindings {
  readonly #redis: Redis;
  readonly #keys: CeleryKeys;
  readonly #declared = new Map<string, Route>();
  /** What identifies us among those that hear what workers tell of themselves. */
  readonly #listenerId = randomUUID();

  constructor(redis: Redis, keys: CeleryKeys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** A queue at a direct exchange, of its own name unless told, which never expires. Told to Redis once. */
  async declareQueue(queue: string, route: Route = { exchange: queue, routingKey: queue }): Promise<void> {
    if (this.#declared.has(queue)) return;
    const { exchange, routingKey } = route;
    const member = this.#member(routingKey, queue);
    await this.#redis.multi().sadd(this.#keys.bindings(exchange), member).sadd(this.#keys.permanentBindings(exchange), member).exec();
    this.#declared.set(queue, route);
  }

  /** What was declared, once more: Redis may have lost it. */
  async redeclare(): Promise<void> {
    const queues = [...this.#declared];
    this.#declared.clear();
    for (const [queue, route] of queues) await this.declareQueue(queue, route);
  }

  /** The node's name among those that hear remote control. To be told again well within the hour, or the table may be deleted. */
  async declareNode(node: string): Promise<void> {
    const { controlExchange, bindings, bindingDeadlines } = this.#keys;
    await bindExpiring(this.#redis, [bindings(controlExchange), bindingDeadlines], [this.#nodeMember(node), controlExchange, NODE_TTL_MS]);
  }

  /** Its ear for other workers' events, which no message ever waits for: monitors of bindings see it in every worker of Celery. */
  async declareListener(): Promise<void> {
    const { bindings, bindingDeadlines } = this.#keys;
    const exchange = this.#keys.options.eventExchange;
    await bindExpiring(this.#redis, [bindings(exchange), bindingDeadlines], [this.#listenerMember(), exchange, NODE_TTL_MS]);
  }

  async removeListener(): Promise<void> {
    const exchange = this.#keys.options.eventExchange;
    await this.#redis.srem(this.#keys.bindings(exchange), this.#listenerMember());
  }

  async removeNode(node: string): Promise<void> {
    const exchange = this.#keys.controlExchange;
    await this.#redis
      .multi()
      .srem(this.#keys.bindings(exchange), this.#nodeMember(node))
      .srem(this.#keys.permanentBindings(exchange), this.#nodeMember(node))
      .exec();
  }

  /** The queues that a message with this exchange and routing key goes to; none when nothing is bound. */
  async targets(exchange: string, routingKey: string): Promise<string[]> {
    if (exchange === "") return [routingKey];
    const members = await this.#redis.smembers(this.#keys.bindings(exchange));
    const bindings = members.map((member) => parseBinding(member, this.#keys.options.sep)).filter((binding) => binding.ok);
    return matchQueues(
      bindings.map((binding) => binding.value),
      routingKey,
    );
  }

  #member(routingKey: string, queue: string): string {
    const { sep } = this.#keys.options;
    return `${routingKey}${sep}${sep}${queue}`;
  }

  #listenerMember(): string {
    return this.#member("worker.#", `${this.#keys.options.eventExchange}.${this.#listenerId}`);
  }

  #nodeMember(node: string): string {
    return this.#member("", `${node}.${this.#keys.controlExchange}`);
  }
}

/** KEYS: binding table (set), deadlines (sorted set). ARGV: member, exchange, ms until the table may be deleted. Returns nothing. */
const bindExpiring = defineScript<[table: string, deadlines: string], [member: string, exchange: string, ttlMs: number], void>({
  lua: `
redis.call('SADD', KEYS[1], ARGV[1])
local now = redis.call('TIME')
redis.call('ZADD', KEYS[2], 'GT', now[1] * 1000 + math.floor(now[2] / 1000) + ARGV[3], ARGV[2])`,
  reply: () => {},
});
