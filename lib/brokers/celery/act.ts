import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Redis } from "ioredis";
import { AppError } from "../../errors.ts";
import { encodeTaskMessage } from "../../wire/celery/encode-task.ts";
import type { CeleryKeys } from "../../wire/celery/keys.ts";
import { decodeTaskMessage } from "../../wire/celery/task-message.ts";
import { formatValue } from "../../wire/python/repr.ts";
import { decodeJson } from "../../wire/serialize/json.ts";
import type { Publication } from "../broker.ts";
import type { Control } from "./control.ts";
import type { Peek } from "./peek.ts";

const SEARCH_BYTES = 64 * 1024 * 1024;
/** Celery's own default of `result_expires`. */
const RESULT_EXPIRES_SECONDS = 86_400;
const REPR_CHARACTERS = 1_024;

/** What operators do to tasks. */
export class Acts {
  readonly #redis: Redis;
  readonly #results: Redis | undefined;
  readonly #keys: CeleryKeys;
  readonly #control: Control;
  readonly #peek: Peek;

  constructor(parts: { redis: Redis; results: Redis | undefined; keys: CeleryKeys; control: Control; peek: Peek }) {
    this.#redis = parts.redis;
    this.#results = parts.results;
    this.#keys = parts.keys;
    this.#control = parts.control;
    this.#peek = parts.peek;
  }

  /**
   * Revokes a task: every worker that listens will drop it, or with `terminate` kill the process that runs it. A message
   * that still waits is taken out of its queue as well, because workers that start later know nothing of the revoke; not so
   * a chord's part, which only a worker can report to its chord.
   */
  async revoke(task: string, options: { terminate: boolean; signal: string; queues: readonly string[] }): Promise<string> {
    const told = await this.#control.tell(
      {
        method: "revoke",
        arguments: { task_id: task, terminate: options.terminate, ...(options.terminate ? { signal: options.signal } : {}) },
      },
      null,
    );
    const heard = told === 1 ? "1 worker was told" : `${told} workers were told`;
    if (options.terminate)
      return told === 0 ? "No worker is listening, so nothing was terminated." : `${heard} to terminate it with ${options.signal}.`;
    const found = await this.#peek.find(task, options.queues, SEARCH_BYTES);
    if (found?.place !== "queue" || found.queue === null) {
      return told === 0 ? "No worker is listening, and its message waits in no queue." : `${heard} to drop it.`;
    }
    const message = decodeTaskMessage(found.raw);
    if (told > 0 && (!message.ok || message.value.chord !== null)) return `${heard} to drop it.`;
    const removed = await this.#remove(found.raw, found.queue);
    if (!removed) return `${heard} to drop it; a worker took its message just now.`;
    await this.#storeRevoked(task);
    return `Its message was removed from ${found.queue}, and ${heard} to drop it.`;
  }

  /** Sends a task as a producer would. */
  async publish(publication: Publication): Promise<void> {
    const message = encodeTaskMessage({
      id: publication.id,
      name: publication.name,
      argsJson: publication.args,
      kwargsJson: publication.kwargs,
      queue: publication.queue,
      priority: publication.priority,
      deliveryTag: randomUUID(),
      origin: `perennial${process.pid}@${hostname()}`,
      argsRepr: reprOf(publication.args, "tuple"),
      kwargsRepr: reprOf(publication.kwargs, "dict"),
    });
    if (!message.ok) throw new AppError("bad-input", `It cannot be sent: ${message.reason}.`);
    await this.#redis.lpush(this.#keys.queueList(publication.queue, publication.priority), message.value);
  }

  async #remove(raw: string, queue: string): Promise<boolean> {
    for (const list of this.#keys.queueLists(queue)) if ((await this.#redis.lrem(list, 1, raw)) === 1) return true;
    return false;
  }

  /** Clients that wait for the result learn it from the channel alone, so storing is publishing too. */
  async #storeRevoked(task: string): Promise<void> {
    if (this.#results === undefined) return;
    const key = this.#keys.result.task(task);
    const meta = JSON.stringify({
      status: "REVOKED",
      result: { exc_type: "TaskRevokedError", exc_message: ["revoked"], exc_module: "celery.exceptions" },
      traceback: null,
      children: [],
      date_done: new Date().toISOString().replace("Z", "000+00:00"),
      task_id: task,
    });
    await this.#results.multi().setex(key, RESULT_EXPIRES_SECONDS, meta).publish(key, meta).exec();
  }
}

/** The text that events and `inspect` will show for the arguments. */
function reprOf(json: string, kind: "tuple" | "dict"): string {
  const value = decodeJson(json);
  if (!value.ok) return "";
  const shown = kind === "tuple" && Array.isArray(value.value) ? { $: "tuple" as const, items: value.value } : value.value;
  return formatValue(shown, REPR_CHARACTERS);
}
