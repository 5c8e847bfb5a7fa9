import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { AppError } from "../../lib/errors.ts";
import { asAppError } from "../../lib/redis.ts";
import { type TaskToSend, encodeTaskMessage } from "../../lib/wire/celery/encode-task.ts";
import type { CeleryKeys } from "../../lib/wire/celery/keys.ts";
import { formatTime } from "../../lib/wire/celery/time.ts";
import { textOf } from "../../lib/wire/celery/value-fields.ts";
import type { Value } from "../../lib/wire/python/value.ts";
import type { Bindings } from "../broker/bindings.ts";
import { now } from "../now.ts";
import type { EventPublisher } from "../events/event-publisher.ts";
import { type Call, type Sender, messageOf } from "./message-options.ts";

export interface PublisherOptions {
  redis: () => Redis;
  bindings: () => Bindings;
  keys: CeleryKeys;
  defaultQueue: string;
  /** What the task itself wants where the call says nothing: its queue, priority, limits. */
  taskOptions: (name: string) => ReadonlyMap<string, Value>;
  sender: Sender;
  /** Tells `task-sent` events; null where they are off. */
  events: () => EventPublisher | null;
}

/** A message that is ready, and where it is to be pushed to. */
export interface PreparedMessage {
  /** Keys of the lists. */
  lists: string[];
  text: string;
  /** To be called when it is there: tells `task-sent` where that is wanted. */
  sent(): void;
}

/** Sends task messages as Celery's `app.send_task` does (5.7). */
export class Publisher {
  readonly #options: PublisherOptions;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Answers the task's id. Rejects with `bad-input` for what cannot be sent, `unavailable` when Redis does not answer. */
  async send(call: Call): Promise<string> {
    const message = this.#messageOf(call);
    await this.publish(message);
    return message.id;
  }

  /** The message of a call, for a sender that pushes it together with something else. Rejects as `send` does. */
  async prepare(call: Call): Promise<PreparedMessage> {
    return this.#prepare(this.#messageOf(call));
  }

  async publish(message: TaskToSend): Promise<void> {
    const prepared = await this.#prepare(message);
    const redis = this.#options.redis();
    try {
      for (const list of prepared.lists) await redis.lpush(list, prepared.text);
    } catch (error) {
      throw unavailable(redis, error);
    }
    prepared.sent();
  }

  #messageOf(call: Call): TaskToSend {
    const options = new Map([...this.#options.taskOptions(call.name), ...call.options]);
    for (const [name, value] of options) if (value === null) options.delete(name);
    const id = textOf(options.get("task_id")) ?? randomUUID();
    const queue = textOf(options.get("queue")) ?? this.#options.defaultQueue;
    // A queue wins over an exchange, as in Celery.
    if (options.has("queue")) options.delete("exchange");
    return messageOf({ ...call, options }, { queue, id, deliveryTag: randomUUID(), now: now() }, this.#options.sender);
  }

  async #prepare(message: TaskToSend): Promise<PreparedMessage> {
    const encoded = encodeTaskMessage(message);
    if (!encoded.ok) throw new AppError("bad-input", encoded.reason);
    const { keys, redis } = this.#options;
    try {
      const queues = await this.#targets(message);
      const lists = queues.map((queue) => keys.queueList(queue, message.priority));
      return { lists, text: encoded.value, sent: () => this.#tell(message) };
    } catch (error) {
      throw unavailable(redis(), error);
    }
  }

  async #targets({ queue, exchange, routingKey }: TaskToSend): Promise<string[]> {
    const bindings = this.#options.bindings();
    if (exchange) return bindings.targets(exchange, routingKey ?? "");
    await bindings.declareQueue(queue);
    return [queue];
  }

  #tell(message: TaskToSend): void {
    const events = this.#options.events();
    if (events === null) return;
    const time = (at: number | null | undefined) => (at == null ? null : formatTime(at));
    events.publish(
      events.make("task-sent", [
        ["uuid", message.id],
        ["root_id", message.rootId ?? message.id],
        ["parent_id", message.parentId ?? null],
        ["name", message.name],
        ["args", message.argsRepr ?? ""],
        ["kwargs", message.kwargsRepr ?? ""],
        ["retries", message.retries ?? 0],
        ["eta", time(message.etaAt)],
        ["expires", time(message.expiresAt)],
        ["queue", message.exchange ? null : message.queue],
        ["exchange", message.exchange ?? ""],
        ["routing_key", message.routingKey ?? message.queue],
      ]),
    );
  }
}

/** With the error itself as cause: who may try again asks it whether that passes. */
function unavailable(redis: Redis, error: unknown): AppError {
  return new AppError("unavailable", asAppError(redis, error).message, { cause: error });
}
