import type { ResultMeta } from "../../lib/wire/celery/result.ts";
import type { ResultTuple } from "../../lib/wire/celery/result-tuple.ts";
import type { TaskFailed } from "../errors.ts";

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
