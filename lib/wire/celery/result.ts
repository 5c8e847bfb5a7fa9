import { type Decoded, decoded, undecodable } from "../decoded.ts";
import { formatValue } from "../python/repr.ts";
import { type Value, get, isTagged } from "../python/value.ts";
import { type ResultTuple, readResultTuple } from "./result-tuple.ts";
import { type StoredLimits, decodeStored } from "./stored.ts";
import { parseTime } from "./time.ts";
import { isDict, listOf, numberOf, textOf, textsOf } from "./value-fields.ts";

/** An exception as the result backend holds it. */
export type StoredException = {
  /** Class name without module: `ValueError`, `Outer.Nested`. */
  type: string;
  module: string | null;
  /** Constructor arguments; what JSON could not hold is there as its repr. */
  args: Value[];
  /** The message as Python's `str()` would have it. */
  text: string;
};

/** The meta of one task: `celery-task-meta-<id>`, and what is published on the channel of that name. */
export type ResultMeta = {
  /** Null when it is missing, which clients do not accept. */
  taskId: string | null;
  /** SUCCESS, FAILURE, REVOKED, RETRY, STARTED, or a custom state. */
  status: string;
  /** Return value, or the `meta` of a custom state. */
  result: Value;
  /** Of FAILURE, RETRY and REVOKED. */
  exception: StoredException | null;
  /** Of STARTED. */
  startedBy: { pid: number | null; hostname: string | null } | null;
  traceback: string | null;
  /** What the task sent; null when the meta says nothing about it. */
  children: ResultTuple[] | null;
  /** Set for SUCCESS, FAILURE and REVOKED. */
  doneAt: number | null;
  groupId: string | null;
  parentId: string | null;
  /** A retried or replaced task names itself as parent; `parentId` is null then. */
  parentIsSelf: boolean;
  /** Only with `result_extended`, as are the following. */
  name: string | null;
  args: Value | null;
  kwargs: Value | null;
  worker: string | null;
  retries: number | null;
  /** The routing key. */
  queue: string | null;
  stamps: [string, Value][];
  /** A REVOKED written by a worker that heard a revoke command (Celery 5.6.2 and later), not by one that took the task. */
  writtenByRevokeCommand: boolean;
};

/** Reads a meta in any serializer, compressed or not. */
export function decodeResultMeta(bytes: Uint8Array, limits?: StoredLimits): Decoded<ResultMeta> {
  const stored = decodeStored(bytes, limits);
  return stored.ok ? readResultMeta(stored.value) : stored;
}

const WITH_EXCEPTION = new Set(["FAILURE", "RETRY", "REVOKED"]);

export function readResultMeta(meta: Value): Decoded<ResultMeta> {
  const status = textOf(get(meta, "status"));
  if (status === null || status === "") return undecodable("a result has no status");
  const result = get(meta, "result") ?? null;
  const taskId = textOf(get(meta, "task_id"));
  const parentId = textOf(get(meta, "parent_id"));
  const parentIsSelf = parentId !== null && parentId === taskId;
  const children = get(meta, "children");
  const args = get(meta, "args") ?? null;
  const kwargs = get(meta, "kwargs") ?? null;
  return decoded({
    taskId,
    status,
    result,
    exception: WITH_EXCEPTION.has(status) ? readStoredException(result) : null,
    startedBy:
      status === "STARTED" && isDict(result) ? { pid: numberOf(get(result, "pid")), hostname: textOf(get(result, "hostname")) } : null,
    traceback: textOf(get(meta, "traceback")),
    children: readChildren(children),
    doneAt: readTime(get(meta, "date_done")),
    groupId: textOf(get(meta, "group_id")),
    parentId: parentIsSelf ? null : parentId,
    parentIsSelf,
    name: textOf(get(meta, "name")),
    args,
    kwargs,
    worker: textOf(get(meta, "worker")),
    retries: numberOf(get(meta, "retries")),
    queue: textOf(get(meta, "queue")),
    stamps: readStamps(meta),
    writtenByRevokeCommand: status === "REVOKED" && (children === null || children === undefined),
  });
}

function readChildren(children: Value | undefined): ResultTuple[] | null {
  const items = listOf(children);
  return items === null ? null : items.map((item) => readResultTuple(item)).filter((item) => item !== null);
}

/** Text in most serializers; YAML and pickle can hold a time of its own. */
function readTime(value: Value | undefined): number | null {
  const text = value !== undefined && isTagged(value) && value.$ === "datetime" ? value.text : textOf(value);
  return text === null ? null : parseTime(text);
}

function readStamps(meta: Value): [string, Value][] {
  return textsOf(get(meta, "stamped_headers")).map((name) => [name, get(meta, name) ?? null]);
}

const MAX_TEXT = 10_000;

/**
 * The exception in a result: an object of type, arguments and module; with the pickle serializer the exception itself.
 * One that Python could not pickle is stored inside a wrapper and is taken out of it.
 */
export function readStoredException(result: Value): StoredException | null {
  if (isTagged(result) && result.$ === "object") return fromInstance(result);
  const type = textOf(get(result, "exc_type"));
  if (type === null) return typeof result === "string" ? { type: "Exception", module: null, args: [result], text: result } : null;
  const message = get(result, "exc_message") ?? null;
  const args = listOf(message) ?? (message === null ? [] : [message]);
  return unwrap({ type, module: textOf(get(result, "exc_module")), args, text: messageText(args) });
}

function fromInstance({ type, args = [] }: { type: string; args?: Value[] }): StoredException {
  const dot = type.lastIndexOf(".");
  const module = dot < 0 ? null : type.slice(0, dot);
  return unwrap({ type: type.slice(dot + 1), module, args, text: messageText(args) });
}

/** `UnpickleableExceptionWrapper` has the arguments `[module, class, [args], "repr"]`. */
function unwrap(exception: StoredException): StoredException {
  const [module, type, args, repr] = exception.args;
  if (exception.type !== "UnpickleableExceptionWrapper" || typeof type !== "string") return exception;
  const inner = listOf(args) ?? [];
  const text = inner.length > 0 ? messageText(inner) : (textOf(repr) ?? "");
  return { type, module: textOf(module), args: inner, text };
}

/** `str()` of an exception: nothing, its one argument, or the tuple of them. */
export function messageText(args: readonly Value[]): string {
  const [only] = args;
  if (only === undefined) return "";
  if (args.length > 1) return formatValue({ $: "tuple", items: [...args] }, MAX_TEXT);
  return typeof only === "string" ? only : formatValue(only, MAX_TEXT);
}
