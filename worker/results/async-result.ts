import type { ResultMeta } from "../../lib/wire/celery/result.ts";
import { toJavaScript } from "../../lib/wire/python/javascript.ts";
import type { Value } from "../../lib/wire/python/value.ts";
import { AppError } from "../../lib/errors.ts";
import { TaskFailed } from "../errors.ts";

/** What an `AsyncResult` needs of the application. */
export interface ResultActs {
  read(taskId: string): Promise<ResultMeta | null>;
  /** Resolves with the task's final meta; rejects when the signal fires. */
  wait(taskId: string, signal: AbortSignal): Promise<ResultMeta>;
  forget(taskId: string): Promise<void>;
  revoke(taskId: string, options: RevokeOptions): Promise<void>;
}

export interface RevokeOptions {
  /** Whether it is ended if it runs. */
  terminate?: boolean;
  /** `SIGTERM` by default; means something to workers with processes. */
  signal?: string;
}

/** The result of a task that was sent, which may not have begun. */
export class AsyncResult<Result = unknown> {
  readonly id: string;
  readonly #acts: ResultActs;

  constructor(id: string, acts: ResultActs) {
    this.id = id;
    this.#acts = acts;
  }

  /** What the task returned. Rejects with `TaskFailed` when it failed or was revoked, with `unavailable` when the time (ms) is over. */
  async get(options: { timeout?: number; signal?: AbortSignal } = {}): Promise<Result> {
    const { timeout, signal } = options;
    const signals = [...(signal === undefined ? [] : [signal]), ...(timeout === undefined ? [] : [AbortSignal.timeout(timeout)])];
    const stop = AbortSignal.any(signals);
    let meta: ResultMeta;
    try {
      meta = await this.#acts.wait(this.id, stop);
    } catch (error) {
      if (!stop.aborted) throw error;
      throw new AppError("unavailable", `The task ${this.id} has not ended in time`, { cause: error });
    }
    if (meta.exception !== null) throw failureOf(meta);
    return asResult<Result>(meta.result);
  }

  /** PENDING where nothing is known: waiting, unknown, and forgotten are the same. */
  async state(): Promise<string> {
    return (await this.#acts.read(this.id))?.status ?? "PENDING";
  }

  /** What a custom state such as PROGRESS carries, or what the task returned; null where nothing is known. */
  async info(): Promise<unknown> {
    const meta = await this.#acts.read(this.id);
    return meta === null ? null : toJavaScript(meta.result);
  }

  /** What the task sent while it ran, as far as its result tells. */
  async children(): Promise<AsyncResult[]> {
    const meta = await this.#acts.read(this.id);
    return (meta?.children ?? []).map(({ id }) => new AsyncResult(id, this.#acts));
  }

  async forget(): Promise<void> {
    await this.#acts.forget(this.id);
  }

  /** Tells all workers not to run it. A worker that starts later, with none there to tell it, does not know. */
  async revoke(options: RevokeOptions = {}): Promise<void> {
    await this.#acts.revoke(this.id, options);
  }
}

function failureOf({ status, exception, traceback }: ResultMeta): TaskFailed {
  const { type = "Exception", module = null, args = [], text = "" } = exception ?? {};
  return new TaskFailed({ state: status, type, module: module ?? "builtins", args: args.map(toJavaScript), text, traceback });
}

/** The task promises its result's type; what comes over the wire cannot be checked against it. */
function asResult<Result>(value: Value): Result {
  return toJavaScript(value) as Result;
}
