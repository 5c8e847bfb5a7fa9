import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Redis } from "ioredis";
import { AppError } from "../../errors.ts";
import { encodeTaskMessage } from "../../wire/celery/encode-task.ts";
import type { CeleryKeys } from "../../wire/celery/keys.ts";
import { decodeTaskMessage } from "../../wire/celery/task-message.ts";
import { decodeResultMeta } from "../../wire/celery/result.ts";
import { formatValue } from "../../wire/python/repr.ts";
import { decodeJson } from "../../wire/serialize/json.ts";
import type { Publication } from "../broker.ts";
import type { Control } from "./control.ts";
import type { Peek } from "./peek.ts";
import { reply, WRONG_TYPE } from "./read.ts";

const SEARCH_BYTES = 64 * 1024 * 1024;
/** Celery's own default of `result_expires`. */
const RESULT_EXPIRES_SECONDS = 86_400;
const REPR_CHARACTERS = 1_024;

/** What operators do to tasks. */
export class Acts {
  readonly #redis: Redis;
  readonly #store: Redis | undefined;
  readonly #keys: CeleryKeys;
  readonly #control: Control;
  readonly #peek: Peek;

  /** @param parts.store where results are stored; none of them is when it is undefined */
  constructor(parts: { redis: Redis; store: Redis | undefined; keys: CeleryKeys; control: Control; peek: Peek }) {
    this.#redis = parts.redis;
    this.#store = parts.store;
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
    const { terminate, signal } = options;
    const told = await this.#control.tell(
      { method: "revoke", arguments: { task_id: task, terminate, ...(terminate ? { signal } : {}) } },
      null,
    );
    const toldThem = told === 0 ? "No worker is listening" : told === 1 ? "1 worker was told" : `${told} workers were told`;
    if (terminate) return told === 0 ? `${toldThem}, so nothing was terminated.` : `${toldThem} to terminate it with ${signal}.`;
    return `${toldThem}${told === 0 ? "" : " to drop it"}; ${await this.#revokeWaiting(task, options.queues)}.`;
  }

  async #revokeWaiting(task: string, queues: readonly string[]): Promise<string> {
    const { found, isWhole } = await this.#peek.find(task, queues, SEARCH_BYTES);
    if (found === undefined && !isWhole) return "too much waits to look for its message";
    if (found === undefined) return "its message waits in no queue";
    if (found.place === "unacked" || found.list === null) return "its message waits in no queue, a worker has it";
    const message = decodeTaskMessage(found.raw);
    if (!message.ok || message.value.chord !== null)
      return "its message stays in its queue until a worker drops it, because only a worker can tell the chord that it is a part of";
    // It can have moved to the list of another priority, but not to another queue.
    const lists = [found.list, ...this.#keys.queueLists(found.queue ?? "").filter((list) => list !== found.list)];
    for (const list of lists) {
      if ((await reply(this.#redis.lrem(list, 1, found.raw))) !== 1) continue;
      await this.#storeRevoked(task);
      return `its message was removed from ${found.queue}`;
    }
    return "a worker took its message just now";
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

  /**
   * Clients that wait for the result learn it from the channel alone, so storing is publishing too. As Celery does it, a
   * success of an earlier run stays; and so does what is not JSON: clients would not understand ours.
   */
  async #storeRevoked(task: string): Promise<void> {
    if (this.#store === undefined) return;
    const key = this.#keys.result.task(task);
    const stored = await reply(this.#store.getrangeBuffer(key, 0, LONGEST_STORED));
    if (stored === WRONG_TYPE || (stored.length > 0 && (stored[0] !== OPENING_BRACE || isSuccess(stored)))) return;
    const meta = JSON.stringify({
      status: "REVOKED",
      result: { exc_type: "TaskRevokedError", exc_message: ["revoked"], exc_module: "celery.exceptions" },
      traceback: null,
      children: [],
      date_done: new Date().toISOString().replace("Z", "000+00:00"),
      task_id: task,
    });
    await this.#store.multi().setex(key, RESULT_EXPIRES_SECONDS, meta).publish(key, meta).exec();
  }
}

const OPENING_BRACE = "{".charCodeAt(0);
/** Enough for the state, which Python writes first; what is longer is a success as a rule, and is left alone. */
const LONGEST_STORED = 1024 * 1024;

function isSuccess(stored: Buffer): boolean {
  const meta = decodeResultMeta(stored);
  return !meta.ok || meta.value.status === "SUCCESS";
}

/** The text that events and `inspect` will show for the arguments. */
function reprOf(json: string, kind: "tuple" | "dict"): string {
  const value = decodeJson(json);
  if (!value.ok) return "";
  const shown = kind === "tuple" && Array.isArray(value.value) ? { $: "tuple" as const, items: value.value } : value.value;
  return formatValue(shown, REPR_CHARACTERS);
}
