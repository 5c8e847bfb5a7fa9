import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromJavaScript } from "../../lib/wire/python/javascript.ts";
import { messageText } from "../../lib/wire/celery/result.ts";
import { formatValue } from "../../lib/wire/python/repr.ts";
import type { Value } from "../../lib/wire/python/value.ts";
import { PythonError, Retry } from "../errors.ts";
import type { RaisedException } from "./outcome.ts";

const LONGEST_REPR = 10_000;

/** Errors of JavaScript that mean the same in Python. */
const SHARED = new Set(["TypeError", "SyntaxError"]);

/** What Python will see of a thrown thing: class, module, arguments, `repr` and traceback. */
export function raisedException(thrown: unknown): RaisedException {
  const { type, module, args } = classOf(thrown);
  return { type, module, args, repr: exceptionRepr(type, args), traceback: tracebackOf(thrown) };
}

/** An exception of the worker's own, which no task threw. */
export function workerException(type: string, module: string, args: Value[]): RaisedException {
  return { type, module, args, repr: exceptionRepr(type, args), traceback: null };
}

/** As CPython's `BaseException.__repr__`: the class and its arguments. */
export function exceptionRepr(type: string, args: readonly Value[]): string {
  const own = ownRepr(type, args);
  if (own !== null) return own;
  const tuple = formatValue({ $: "tuple", items: [...args] }, LONGEST_REPR);
  return `${type.slice(type.lastIndexOf(".") + 1)}${args.length === 1 ? tuple.replace(/,\)$/, ")") : tuple}`;
}

/** Of the exceptions in Celery 5.7 that have a `__repr__` of their own. */
function ownRepr(type: string, [first = null, second = null]: readonly Value[]): string | null {
  if (type === "Reject") return `reject requeue=${formatValue(second, LONGEST_REPR)}: ${messageText([first])}`;
  if (type === "NotRegistered") return `Task of kind ${formatValue(first, LONGEST_REPR)} never registered, please make sure it's imported.`;
  return null;
}

/** Exceptions that Python shows by the `repr` of their one argument. */
const KEY_ERRORS = new Set(["KeyError", "NotRegistered"]);

/** Exceptions of billiard that show their class and the tuple of their arguments. */
const LIMITS = new Set(["SoftTimeLimitExceeded", "TimeLimitExceeded"]);

/** As Python's `str` shows an exception. */
function exceptionText(type: string, args: readonly Value[]): string {
  if (LIMITS.has(type)) return `${type}${formatValue({ $: "tuple", items: [...args] }, LONGEST_REPR)}`;
  const [only] = args;
  return KEY_ERRORS.has(type) && args.length === 1 && only !== undefined ? formatValue(only, LONGEST_REPR) : messageText(args);
}

function classOf(thrown: unknown): { type: string; module: string; args: Value[] } {
  if (thrown instanceof PythonError) return { type: thrown.type, module: thrown.module, args: thrown.args.map(sendable) };
  if (!(thrown instanceof Error)) return { type: "Error", module: "javascript", args: [sendable(thrown)] };
  const type = thrown.name === "Error" ? thrown.constructor.name || "Error" : thrown.name;
  return { type, module: SHARED.has(type) ? "builtins" : "javascript", args: thrown.message === "" ? [] : [thrown.message] };
}

/** What JSON cannot hold is told as text, as Celery does. */
function sendable(value: unknown): Value {
  const seen = fromJavaScript(value);
  return seen.ok ? seen.value : String(value);
}

const CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n";
const CONTEXT = "\nDuring handling of the above exception, another exception occurred:\n\n";
const MOST_CAUSES = 10;

type Exception = Pick<RaisedException, "type" | "module" | "args">;

function lastLine({ type, module, args }: Exception): string {
  const name = module === "builtins" ? type : `${module}.${type}`;
  const text = exceptionText(type, args);
  return text === "" ? name : `${name}: ${text}`;
}

/** The traceback of an exception that nobody threw here; of its cause nothing but the exception is known. */
export function tracebackBetween(cause: Exception | null, exception: Exception): string {
  const before = cause === null ? "" : `${lastLine(cause)}\n${CAUSE}`;
  return `${before}Traceback (most recent call last):\n${lastLine(exception)}\n`;
}

/** In Python's form: causes first, the innermost call last, the exception in the last line. */
function tracebackOf(thrown: unknown, depth = 0): string | null {
  if (!(thrown instanceof Error)) return null;
  const { type, module, args } = classOf(thrown);
  const last = thrown instanceof Retry ? `celery.exceptions.Retry: ${thrown.message}` : lastLine({ type, module, args });
  const own = ["Traceback (most recent call last):", ...framesOf(thrown.stack ?? ""), last, ""].join("\n");
  const cause = depth < MOST_CAUSES ? tracebackOf(thrown.cause, depth + 1) : null;
  return cause === null ? own : `${cause}${thrown instanceof Retry ? CONTEXT : CAUSE}${own}`;
}

/** Our own calls around a task's say nothing about it. */
const OWN = ["pool/async-pool", "pool/pool-process", "run/execute", "task/current", "task/handler"].map((file) =>
  join(dirname(import.meta.dirname), `${file}.ts`),
);

const FRAME = /^\s*at (?:(?:async )?(?:new )?(.*?) \()?(?:async )?(.*?):(\d+):\d+\)?$/;

function framesOf(stack: string): string[] {
  const frames: string[] = [];
  for (const line of stack.split("\n")) {
    const [, name = "<anonymous>", place, number] = FRAME.exec(line) ?? [];
    if (place === undefined || place.startsWith("node:")) continue;
    const file = place.startsWith("file:") ? fileURLToPath(place) : place;
    if (!OWN.includes(file)) frames.push(`  File "${file}", line ${number}, in ${name}`);
  }
  return frames.reverse();
}
