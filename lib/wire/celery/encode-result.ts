import type { Decoded } from "../decoded.ts";
import { type Value, dict } from "../python/value.ts";
import { encodeKombuJson } from "../serialize/json.ts";
import { type ResultTuple, resultTupleValue } from "./result-tuple.ts";
import { formatTime } from "./time.ts";

/** An exception as results carry it. */
export type ExceptionToStore = {
  /** Class name without module. */
  type: string;
  module: string;
  /** Constructor arguments. */
  args: readonly Value[];
};

export type ResultToStore = {
  taskId: string;
  /** SUCCESS, FAILURE, REVOKED, RETRY, STARTED or a custom state. */
  status: string;
  /** Return value, or what `exceptionValue` makes of an exception. */
  result: Value;
  traceback: string | null;
  /** What it sent, in order; null when nobody knows it. */
  children: readonly ResultTuple[] | null;
  /** Epoch ms; only of SUCCESS, FAILURE and REVOKED. */
  doneAt: number | null;
  groupId: string | null;
  parentId: string | null;
  /** What `result_extended` adds; null without it. */
  extended: ExtendedToStore | null;
};

export type ExtendedToStore = {
  name: string;
  args: Value;
  kwargs: Value;
  worker: string;
  retries: number;
  queue: string | null;
  stamps: readonly [string, Value][];
};

/** The states after which nothing more is stored, and which carry the time of their end (Celery 5.7, `states.READY_STATES`). */
export function isReady(status: string): boolean {
  return status === "SUCCESS" || status === "FAILURE" || status === "REVOKED";
}

/** `{"exc_type", "exc_message", "exc_module"}`: clients find the class by these names, or make one. */
export function exceptionValue({ type, module, args }: ExceptionToStore): Value {
  return dict([
    ["exc_type", type],
    ["exc_message", [...args]],
    ["exc_module", module],
  ]);
}

/** A meta, with its keys in the order of Celery 5.7 (`Backend._get_result_meta`); the reason when JSON cannot hold the result. */
export function encodeResultMeta(result: ResultToStore): Decoded<string> {
  const { groupId, parentId, extended } = result;
  return encodeKombuJson(
    dict([
      ["status", result.status],
      ["result", result.result],
      ["traceback", result.traceback],
      ["children", result.children === null ? null : result.children.map(resultTupleValue)],
      ["date_done", result.doneAt === null ? null : formatTime(result.doneAt)],
      ...optional("group_id", groupId),
      ...optional("parent_id", parentId),
      ...(extended === null
        ? []
        : ([
            ["name", extended.name],
            ["args", extended.args],
            ["kwargs", extended.kwargs],
            ["worker", extended.worker],
            ["retries", extended.retries],
            ["queue", extended.queue],
            ...(extended.stamps.length === 0
              ? []
              : [["stamped_headers", extended.stamps.map(([name]) => name)] as const, ...extended.stamps]),
          ] as const)),
      ["task_id", result.taskId],
    ]),
  );
}

function optional(name: string, value: string | null): [string, Value][] {
  return value === null ? [] : [[name, value]];
}
