import { LiteralReader } from "./literal-reader.ts";
import { orRefused } from "../refused.ts";
import { type Value, isTagged } from "./value.ts";

/**
 * What the text of a repr tells about the value behind it.
 *
 * - `exact`: exactly one value has this text; it may be sent again.
 * - `inexact`: the text looks whole, but the value is for showing only: it holds an object, or a string that can be
 *   read in more than one way or may have been shortened.
 * - `cut`: the sender shortened the text; `cut` tags stand where something is missing.
 * - `unreadable`: no repr of a Python value, or one that its own quotes break; show the text itself.
 */
export type Literal =
  | { kind: "exact"; value: Value }
  | { kind: "inexact"; value: Value; reason: string }
  | { kind: "cut"; value: Value; reason: string }
  | { kind: "unreadable"; reason: string };

/** `argsrepr_maxsize` and `resultrepr_maxsize` of Celery 5; what is longer was cut. */
const USUAL_BUDGET = 1024;

/**
 * Reads `argsrepr`, `kwargsrepr` and the result of `task-succeeded` as `celery.utils.saferepr` (Celery 5.2 to 5.7)
 * writes them, and reprs of CPython. An object whose own repr looks like a number or a string cannot be told from one.
 */
export function parseLiteral(text: string): Literal {
  const reader = new LiteralReader(text);
  const read = orRefused(() => reader.document());
  if (!read.ok) {
    if (reader.cut) return { kind: "cut", value: { $: "cut", reason: CUT }, reason: CUT };
    return { kind: "unreadable", reason: reader.doubt ?? read.reason };
  }
  const { value } = read;
  if (reader.cut || (reader.ellipsis && text.length > USUAL_BUDGET)) return { kind: "cut", value, reason: CUT };
  const reason = reader.doubt ?? (reader.ellipsis ? MAYBE_CUT : undefined) ?? instanceIn(value);
  return reason === undefined ? { kind: "exact", value } : { kind: "inexact", value, reason };
}

const CUT = "the sender cut the text";
const MAYBE_CUT = "a string ends in three dots, with which the sender also marks one that was cut";

function instanceIn(value: Value): string | undefined {
  if (Array.isArray(value)) return firstReason(value);
  if (!isTagged(value)) return undefined;
  switch (value.$) {
    case "object":
      return `an instance cannot be built from ${value.type.slice(0, 80)}`;
    case "tuple":
    case "set":
    case "frozenset":
      return firstReason(value.items);
    case "dict":
      return firstReason(value.items.flat());
    default:
      return undefined;
  }
}

function firstReason(values: Value[]): string | undefined {
  for (const value of values) {
    const reason = instanceIn(value);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
