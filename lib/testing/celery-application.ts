import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { encodeTaskMessage, type TaskToSend } from "../wire/celery/encode-task.ts";
import { celeryKeys } from "../wire/celery/keys.ts";

/** What is told of a message in a test; the rest is made up. */
export type MessageOptions = Partial<TaskToSend> & { id: string; redelivered?: boolean };

/** A node that answers remote control as a test says. Commands without an answer are met with silence. */
export interface StandIn {
  /** Methods that were asked of it, in order. */
  asked: string[];
  answers: Record<string, unknown>;
  leave(): Promise<void>;
}

/**
 * A Celery application on a private Redis whose producers and workers are played by a test: it writes the keys and
 * publishes the bytes that they would.
 */
export class CeleryApplication {
  readonly url: string;
  readonly redis: Redis;
  readonly keys;
  readonly #nodes: StandIn[] = [];

  constructor(serverUrl: string, db = 0) {
    this.url = `${serverUrl}/${db}`;
    this.redis = new Redis(this.url);
    this.keys = celeryKeys({ db });
  }

  message({ redelivered = false, ...task }: MessageOptions): string {
    const text = encodeTaskMessage({
      name: "tasks.add",
      argsJson: "[2, 3]",
      kwargsJson: "{}",
      argsRepr: "(2, 3)",
      kwargsRepr: "{}",
      queue: "celery",
      priority: 0,
      deliveryTag: `tag of ${task.id}`,
      origin: "gen1@client",
      ...task,
    });
    if (!text.ok) throw new Error(text.reason);
    if (!redelivered) return text.value;
    const json = JSON.parse(text.value) as { headers: object; properties: { delivery_info: object } };
    Object.assign(json.headers, { redelivered: true });
    Object.assign(json.properties.delivery_info, { redelivered: true });
    return JSON.stringify(json);
  }

  /** A producer sends tasks. */
  async send(...tasks: MessageOptions[]): Promise<void> {
    for (const task of tasks) await this.redis.lpush(this.keys.queueList(task.queue ?? "celery", task.priority ?? 0), this.message(task));
  }

  /** A worker has taken a message and not acknowledged it. */
  async take(task: MessageOptions, takenAt = Date.now()): Promise<void> {
    const tag = task.deliveryTag ?? `tag of ${task.id}`;
    const queue = task.queue ?? "celery";
    await this.redis
      .multi()
      .zadd(this.keys.unackedIndex, takenAt / 1000, tag)
      .hset(this.keys.unacked, tag, `[${this.message(task)}, "", ${JSON.stringify(queue)}]`)
      .exec();
  }

  async acknowledge(id: string): Promise<void> {
    await this.redis.multi().zrem(this.keys.unackedIndex, `tag of ${id}`).hdel(this.keys.unacked, `tag of ${id}`).exec();
  }

  /** A worker declares a queue. */
  async declare(queue: string): Promise<void> {
    const { sep } = this.keys.options;
    await this.redis.sadd(this.keys.bindings(queue), `${queue}${sep}${sep}${queue}`);
  }

  /** Stores a result as workers do: with its publication. */
  async storeResult(id: string, meta: object): Promise<void> {
    const key = this.keys.result.task(id);
    const text = JSON.stringify({ traceback: null, children: [], date_done: null, ...meta, task_id: id });
    await this.redis.multi().setex(key, 86_400, text).publish(key, text).exec();
  }

  /** Publishes events: an object alone, or a list in one message. */
  async publish(body: object, channel = "task.multi"): Promise<void> {
    await this.redis.publish(this.keys.fanoutChannel("celeryev", channel), envelope(body, { hostname: "w1@h" }));
  }

  /** A node that listens to remote control. */
  async join(name: string, answers: Record<string, unknown>): Promise<StandIn> {
    const ear = new Redis(this.url);
    const node: StandIn = { asked: [], answers, leave: async () => void (await ear.quit()) };
    ear.on("pmessage", (_pattern: string, _channel: string, text: string) => {
      // What our own encoder wrote a moment ago.
      const request = JSON.parse(text) as { body: string };
      const {
        method,
        arguments: args,
        destination,
        ticket,
        reply_to,
      } = JSON.parse(Buffer.from(request.body, "base64").toString()) as {
        method: string;
        arguments: unknown;
        destination: string[] | null;
        ticket?: string;
        reply_to?: { routing_key: string };
      };
      if (destination !== null && !destination.includes(name)) return;
      node.asked.push(method);
      const answer =
        typeof node.answers[method] === "function" ? (node.answers[method] as (args: unknown) => unknown)(args) : node.answers[method];
      if (answer !== undefined && ticket !== undefined && reply_to !== undefined)
        void this.redis.lpush(reply_to.routing_key, envelope({ [name]: answer }, { ticket, clock: 1 }));
    });
    await ear.psubscribe(this.keys.controlChannel);
    this.#nodes.push(node);
    return node;
  }

  async end(): Promise<void> {
    await Promise.allSettled(this.#nodes.map(async (node) => node.leave()));
    this.redis.disconnect();
  }
}

/** What `query_task` answers of a worker that runs these tasks. */
export function runsThese(...ids: string[]): (args: unknown) => object {
  return () => Object.fromEntries(ids.map((id) => [id, ["active", heldTask(id)]]));
}

/** What `inspect` tells of a task. */
export function heldTask(id: string): object {
  const delivery_info = { exchange: "", routing_key: "celery", priority: 0, redelivered: false };
  const rest = {
    args: [2, 3],
    kwargs: {},
    hostname: "w1@h",
    time_start: Date.now() / 1000,
    acknowledged: true,
    delivery_info,
    worker_pid: 7,
  };
  return { id, name: "tasks.add", type: "tasks.add", ...rest };
}

function envelope(body: object, headers: object): string {
  return JSON.stringify({
    body: Buffer.from(JSON.stringify(body)).toString("base64"),
    "content-encoding": "utf-8",
    "content-type": "application/json",
    headers,
    properties: {
      delivery_mode: 1,
      delivery_info: { exchange: "celeryev", routing_key: "task.multi" },
      priority: 0,
      body_encoding: "base64",
      delivery_tag: randomUUID(),
    },
  });
}
