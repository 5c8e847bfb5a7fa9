import type { ResultMeta } from "../../lib/wire/celery/result.ts";
import { toJavaScript } from "../../lib/wire/python/javascript.ts";
import type { Value } from "../../lib/wire/python/value.ts";
import { AppError } from "../../lib/errors.ts";
import { TaskFailed } from "../errors.ts";
import type { AnyResult, GetOptions, ResultActs, RevokeOptions } from "./any-result.ts";
import { whileParentsHold } from "./parents.ts";

/** The result of a task that was sent, which may not have begun. */
export class AsyncResult<Result = unknown> implements AnyResult<Result> {
  readonly id: string;
  readonly parent: AnyResult | null;
  readonly #acts: ResultActs;

  constructor(id: string, acts: ResultActs, parent: AnyResult | null = null) {
    this.id = id;
    this.#acts = acts;
    this.parent = parent;
  }

  /**
   * What the task returned. Rejects with `TaskFailed` when it failed or was revoked, or when something before it in its chain was;
   * with `unavailable` when the time is over.
   */
  async get(options?: GetOptions & { propagate?: true }): Promise<Result>;
  async get(options: GetOptions): Promise<Result | TaskFailed>;
  async get(options: GetOptions = {}): Promise<Result | TaskFailed> {
    return whileParentsHold(this, options, async (stop) => {
      const meta = await this.#ended(stop);
      if (meta.exception === null) return asResult<Result>(meta.result);
      if (options.propagate ?? true) throw failureOf(meta);
      return failureOf(meta);
    });
  }

  async #ended(stop: AbortSignal): Promise<ResultMeta> {
    try {
      return await this.#acts.wait(this.id, stop);
    } catch (error) {
      if (!stop.aborted) throw error;
      throw new AppError("unavailable", `The task ${this.id} has not ended in time`, { cause: error });
    }
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

  async failure(): Promise<TaskFailed | null> {
    const meta = await this.#acts.read(this.id);
    return meta !== null && (meta.status === "FAILURE" || meta.status === "REVOKED") ? failureOf(meta) : null;
  }

  /** What the task sent while it ran, as far as its result tells. */
  async children(): Promise<AnyResult[]> {
    const meta = await this.#acts.read(this.id);
    return (meta?.children ?? []).map((child) => this.#acts.resultOf(child));
  }

  async forget(): Promise<void> {
    await this.parent?.forget();
    await this.#acts.forget(this.id);
  }

  /** Tells all workers not to run it. A worker that starts later, with none there to tell it, does not know. */
  async revoke(options: RevokeOptions = {}): Promise<void> {
    await this.#acts.revoke([this.id], options);
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
