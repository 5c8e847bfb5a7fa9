import { crc32 } from "node:zlib";
import {
  clampAt,
  FLAG_EXHAUSTED,
  FLAG_EXPIRED,
  FLAG_REVOKE_PROMISED,
  FLAG_TERMINATED,
  type Payload,
  type TaskEvent,
  type TaskEventType,
} from "../../model/event.ts";
import { defined } from "../../model/known.ts";
import type { ResultMeta } from "../../wire/celery/result.ts";
import { taskIdsOf } from "../../wire/celery/result-tuple.ts";
import { boundedId, boundedWord } from "./bounded.ts";
import { className, exceptionText, EXHAUSTED } from "./from-event.ts";
import { boundedRetries, type Runs } from "./runs.ts";

/** Whether the stored result is the last word. What a revoke command stores is not: the task may run to its end all the same. */
export function isFinal(meta: ResultMeta): boolean {
  return meta.status === "SUCCESS" || meta.status === "FAILURE" || (meta.status === "REVOKED" && !meta.writtenByRevokeCommand);
}

/**
 * A stored result in our words. `inferred` when it was looked up because its task had stopped talking, instead of heard
 * when it was published.
 */
export function fromResult(task: string, meta: ResultMeta, seenAt: number, inferred: boolean, runs: Runs): TaskEvent {
  const { type, run, flags, state } = tell(task, meta, runs, inferred ? 0 : seenAt);
  const payload = payloadOf(meta);
  const worker = meta.worker ?? meta.startedBy?.hostname ?? null;
  return {
    type,
    task,
    at: clampAt(meta.doneAt ?? undefined, seenAt),
    seenAt,
    source: "result",
    run,
    ...(inferred ? { inferred } : {}),
    ...defined({
      flags,
      clock: meta.doneAt === null ? digestOf(run, payload) : undefined,
      state: state === undefined ? undefined : boundedWord(state),
      name: meta.name === null ? undefined : boundedWord(meta.name),
      worker: boundedId(worker),
      pid: meta.startedBy?.pid ?? undefined,
      queue: meta.queue === null ? undefined : boundedWord(meta.queue),
      retries: meta.retries === null ? undefined : boundedRetries(meta.retries),
      parentId: boundedId(meta.parentId),
      groupId: boundedId(meta.groupId),
      exceptionType: meta.exception === null ? undefined : boundedWord(className(meta.exception.type)),
    }),
    payload,
  };
}

/** In place of a clock, for results that have no time of their own: replicas that hear one know by it that it is the same. */
function digestOf(run: number, payload: Payload): number {
  return crc32(JSON.stringify([run, payload]));
}

interface Told {
  type: TaskEventType;
  run: number;
  flags?: number;
  state?: string;
}

/** `at` is when the task was heard of by this; 0 when it was only looked up. */
function tell(task: string, meta: ResultMeta, runs: Runs, at: number): Told {
  const retries = meta.retries ?? undefined;
  switch (meta.status) {
    case "SUCCESS":
      return { type: "task.succeeded", run: runs.latest(task, retries, at) };
    case "FAILURE":
      return {
        type: "task.failed",
        run: runs.latest(task, retries, at),
        ...(meta.exception?.type === EXHAUSTED ? { flags: FLAG_EXHAUSTED } : {}),
      };
    case "REVOKED":
      return { type: "task.revoked", run: runs.latest(task, retries, at), flags: revokeFlags(meta) };
    case "RETRY":
      return { type: "task.retried", run: runs.retryStored(task, retries, at) };
    case "STARTED":
      return { type: "task.started", run: runs.stored(task, retries, at) };
    default:
      return { type: "task.progress", run: runs.stored(task, retries, at), state: meta.status };
  }
}

function revokeFlags(meta: ResultMeta): number {
  const reason = meta.exception?.text ?? "";
  return (
    (meta.writtenByRevokeCommand ? FLAG_REVOKE_PROMISED : 0) |
    (reason === "expired" ? FLAG_EXPIRED : 0) |
    (reason === "terminated" ? FLAG_TERMINATED : 0)
  );
}

function payloadOf(meta: ResultMeta): Payload {
  const tells = meta.exception === null && meta.startedBy === null;
  const children = taskIdsOf(meta.children ?? []);
  return defined({
    result: tells ? JSON.stringify(meta.result) : undefined,
    resultForm: tells ? ("value" as const) : undefined,
    exception: meta.exception === null ? undefined : exceptionText(qualified(meta.exception), meta.exception.text),
    traceback: meta.traceback ?? undefined,
    args: meta.args === null ? undefined : JSON.stringify(meta.args),
    kwargs: meta.kwargs === null ? undefined : JSON.stringify(meta.kwargs),
    argsForm: meta.args === null ? undefined : ("value" as const),
    children: children.length === 0 ? undefined : children,
  });
}

function qualified({ module, type }: { module: string | null; type: string }): string {
  return module === null || module === "builtins" ? type : `${module}.${type}`;
}
