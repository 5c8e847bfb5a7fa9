import type { Redis } from "ioredis";
import { AppError } from "../../lib/errors.ts";
import { defineScript } from "../../lib/redis.ts";
import { type ExtendedToStore, encodeResultMeta, exceptionValue, isReady } from "../../lib/wire/celery/encode-result.ts";
import type { CeleryKeys } from "../../lib/wire/celery/keys.ts";
import { type ResultMeta, decodeResultMeta } from "../../lib/wire/celery/result.ts";
import type { ResultTuple } from "../../lib/wire/celery/result-tuple.ts";
import type { TaskRequest } from "../../lib/wire/celery/task-request.ts";
import { type Value, dict } from "../../lib/wire/python/value.ts";
import type { Log } from "../log.ts";
import { now } from "../now.ts";
import { persevere } from "../persevere.ts";
import type { RaisedException } from "../task/outcome.ts";

/** A result that shall be readable: of a task, or of one that will never run because of it. */
export interface Result {
  taskId: string;
  status: string;
  result: Value;
  traceback?: string | null;
  children?: readonly ResultTuple[] | null;
  groupId?: string | null;
  parentId?: string | null;
  /** The task's request, for what `result_extended` adds. */
  request?: TaskRequest;
}

export interface ResultStoreOptions {
  redis: () => Redis;
  keys: CeleryKeys;
  /** 0 for ever. */
  expiresMs: number;
  extended: boolean;
  /** Node that stores. */
  hostname: string;
  log: Log;
}

/** Task results as Celery 5.7 keeps them in Redis (`backends/redis.py`): written and published at once, never over a success. */
export class ResultStore {
  readonly #options: ResultStoreOptions;

  constructor(options: ResultStoreOptions) {
    this.#options = options;
  }

  /** Waits for Redis as long as it takes. Rejects with `bad-input` when JSON cannot hold the result. */
  async store(result: Result): Promise<void> {
    const { redis, keys, expiresMs, log } = this.#options;
    const meta = encodeResultMeta({
      taskId: result.taskId,
      status: result.status,
      result: result.result,
      traceback: result.traceback ?? null,
      children: result.children === undefined ? [] : result.children,
      doneAt: isReady(result.status) ? now() : null,
      groupId: result.groupId ?? null,
      parentId: result.parentId ?? null,
      extended: result.request === undefined ? null : this.#extended(result.request),
    });
    if (!meta.ok) throw new AppError("bad-input", meta.reason);
    await persevere(() => writeMeta(redis(), [keys.result.task(result.taskId)], [meta.value, expiresMs]), log);
  }

  /** Null when there is none, or none that can be read. */
  async read(taskId: string): Promise<ResultMeta | null> {
    const { redis, keys, log } = this.#options;
    const bytes = await persevere(() => redis().getBuffer(keys.result.task(taskId)), log);
    const meta = bytes === null ? null : decodeResultMeta(bytes);
    return meta?.ok === true ? meta.value : null;
  }

  #extended(request: TaskRequest): ExtendedToStore | null {
    if (!this.#options.extended) return null;
    return {
      name: request.type,
      args: request.args,
      kwargs: dict(request.kwargs),
      worker: this.#options.hostname,
      retries: request.retries,
      queue: request.routingKey,
      stamps: request.stamps,
    };
  }
}

/** The result of one that failed, or that was revoked. */
export function exceptionResult({ type, module, args }: Pick<RaisedException, "type" | "module" | "args">): Value {
  return exceptionValue({ type, module, args });
}

/**
 * KEYS: the meta. ARGV: new meta, ms until it expires (0: never). Returns 1, or 0 where a success is stored already. Celery reads
 * first and writes then; in one script nothing can come between. The status is the first thing in a meta of any serializer.
 */
const writeMeta = defineScript<[key: string], [meta: string, expiresMs: number], boolean>({
  lua: `
local old = redis.call('GETRANGE', KEYS[1], 0, 39)
if string.find(old, 'status[": \\167]+SUCCESS') then return 0 end
if tonumber(ARGV[2]) > 0 then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) else redis.call('SET', KEYS[1], ARGV[1]) end
redis.call('PUBLISH', KEYS[1], ARGV[1])
return 1`,
  reply: (raw) => raw === 1,
});
