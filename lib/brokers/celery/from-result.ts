import {
  clampAt,
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
import { className, exceptionText } from "./from-event.ts";
import type { Runs } from "./runs.ts";

/** The states in which a stored result is the last word. */
const FINAL = new Set(["SUCCESS", "FAILURE", "REVOKED"]);

export function isFinal(meta: ResultMeta): boolean {
  return FINAL.has(meta.status);
}

/**
 * A stored result in our words. `inferred` when it was looked up because its task had stopped talking, instead of heard
 * when it was published.
 */
export function fromResult(task: string, meta: ResultMeta, seenAt: number, inferred: boolean, runs: Runs): TaskEvent {
  const { type, run, flags, state } = tell(task, meta, runs);
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
      state,
      name: meta.name ?? undefined,
      worker: meta.worker ?? meta.startedBy?.hostname ?? undefined,
      pid: meta.startedBy?.pid ?? undefined,
      queue: meta.queue ?? undefined,
      retries: meta.retries ?? undefined,
      parentId: meta.parentId ?? undefined,
      groupId: meta.groupId ?? undefined,
      exceptionType: meta.exception === null ? undefined : className(meta.exception.type),
    }),
    payload: payloadOf(meta),
  };
}

function tell(task: string, meta: ResultMeta, runs: Runs): { type: TaskEventType; run: number; flags?: number; state?: string } {
  const retries = meta.retries ?? undefined;
  switch (meta.status) {
    case "SUCCESS":
      return { type: "task.succeeded", run: runs.latest(task, retries) };
    case "FAILURE":
      return { type: "task.failed", run: runs.latest(task, retries) };
    case "REVOKED":
      return { type: "task.revoked", run: runs.latest(task, retries), flags: revokeFlags(meta) };
    case "RETRY":
      return { type: "task.retried", run: retries === undefined ? runs.retried(task, undefined, true) : runs.seen(task, retries) };
    case "STARTED":
      return { type: "task.started", run: runs.latest(task, retries) };
    default:
      return { type: "task.progress", run: runs.latest(task, retries), state: meta.status };
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
