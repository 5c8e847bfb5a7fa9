import type { ResultMeta } from "../../lib/wire/celery/result.ts";
import type { ResultTuple } from "../../lib/wire/celery/result-tuple.ts";
import { toJavaScript } from "../../lib/wire/python/javascript.ts";
import type { Value } from "../../lib/wire/python/value.ts";
import { AppError } from "../../lib/errors.ts";
import { TaskFailed } from "../errors.ts";

/** What a result needs of the application. */
export interface ResultActs {
  read(taskId: string): Promise<ResultMeta | null>;
  /** Resolves with the task's final meta; rejects when the signal fires. */
  wait(taskId: string, signal: AbortSignal): Promise<ResultMeta>;
  forget(taskId: string): Promise<void>;
  revoke(taskIds: string[], options: RevokeOptions): Promise<void>;
  /** Keeps the structure of a group, until it is deleted or expires. */
  saveGroup(group: ResultTuple): Promise<void>;
  deleteGroup(groupId: string): Promise<void>;
  /** The result for which a tuple stands. */
  resultOf(tuple: ResultTuple): AnyResult;
}

export interface RevokeOptions {
  /** Whether it is ended if it runs. */
  terminate?: boolean;
  /** `SIGTERM` by default; means something to workers with processes. */
  signal?: string;
}

export interface GetOptions {
  /** How long to wait, in ms; without end by default. */
  timeout?: number;
  signal?: AbortSignal;
  /** Whether a failure is thrown; else it is answered. True by default. */
  propagate?: boolean;
}

/** What results of tasks and of groups have in common. */
export interface AnyResult<Result = unknown> {
  readonly id: string;
  /** Of what came before it in a chain; of a chord's body the header's. */
  readonly parent: AnyResult | null;
  get(options?: GetOptions & { propagate?: true }): Promise<Result>;
  get(options: GetOptions): Promise<unknown>;
  /** What it consists of or has sent. */
  children(): Promise<AnyResult[]>;
  /** The first failure that is known by now. */
  failure(): Promise<TaskFailed | null>;
  /** Forgets what is stored of it, and of what came before it. */
  forget(): Promise<void>;
  revoke(options?: RevokeOptions): Promise<void>;
}

/** A failure before this one may end everything without a word about it here: how often that is looked for. */
const PARENTS_MS = 1_000;

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
    const { timeout, signal, propagate = true } = options;
    const over = new AbortController();
    const signals = [
      over.signal,
      ...(signal === undefined ? [] : [signal]),
      ...(timeout === undefined ? [] : [AbortSignal.timeout(timeout)]),
    ];
    const stop = AbortSignal.any(signals);
    const watch = propagate && this.parent !== null ? setInterval(() => void this.#watchParents(over), PARENTS_MS) : undefined;
    try {
      const meta = await this.#acts.wait(this.id, stop);
      if (meta.exception === null) return asResult<Result>(meta.result);
      if (propagate) throw failureOf(meta);
      return failureOf(meta);
    } catch (error) {
      if (over.signal.reason instanceof TaskFailed) throw over.signal.reason;
      if (!stop.aborted) throw error;
      throw new AppError("unavailable", `The task ${this.id} has not ended in time`, { cause: error });
    } finally {
      clearInterval(watch);
    }
  }

  async #watchParents(over: AbortController): Promise<void> {
    for (const parent of parentsOf(this)) {
      const failure = await parent.failure().catch(() => null); // asked again when Redis answers
      if (failure !== null) over.abort(failure);
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

/** From the first to the last. */
function parentsOf(result: AnyResult): AnyResult[] {
  const parents: AnyResult[] = [];
  for (let parent = result.parent; parent !== null; parent = parent.parent) parents.unshift(parent);
  return parents;
}

function failureOf({ status, exception, traceback }: ResultMeta): TaskFailed {
  const { type = "Exception", module = null, args = [], text = "" } = exception ?? {};
  return new TaskFailed({ state: status, type, module: module ?? "builtins", args: args.map(toJavaScript), text, traceback });
}

/** The task promises its result's type; what comes over the wire cannot be checked against it. */
function asResult<Result>(value: Value): Result {
  return toJavaScript(value) as Result;
}
