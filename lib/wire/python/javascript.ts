import type { Decoded } from "../decoded.ts";
import { MAX_DEPTH, TOO_DEEP } from "../bounds.ts";
import { orRefused, refuse } from "../refused.ts";
import { bytesValue } from "./bytes.ts";
import { PythonDatetime, PythonScalar } from "./exact.ts";
import { bigintValue, floatOf, floatValue } from "./number.ts";
import { type TaggedValue, type Value, dict, isTagged } from "./value.ts";

/**
 * What Python will see of a JavaScript value: objects and Maps are dicts, arrays are lists, a Date is a datetime in UTC, bytes
 * are bytes, a bigint is an integer. As in JSON, `toJSON` is asked and undefined is left out of objects. The reason when the
 * value has no counterpart.
 */
export function fromJavaScript(value: unknown): Decoded<Value> {
  return orRefused(() => valueOf(value, 0));
}

function valueOf(value: unknown, depth: number): Value {
  if (depth > MAX_DEPTH) refuse(TOO_DEEP);
  switch (typeof value) {
    case "undefined":
      return null;
    case "boolean":
    case "string":
      return value;
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? value : numberValue(value);
    case "bigint":
      return bigintValue(value);
    case "object":
      return value === null ? null : objectValue(value, depth);
    default:
      return refuse(`a ${typeof value} cannot be sent`);
  }
}

/** Big numbers are integers as long as `JSON.stringify` writes them in digits. */
function numberValue(value: number): Value {
  if (Number.isInteger(value) && !Object.is(value, -0) && Math.abs(value) < 1e21) return bigintValue(BigInt(value));
  return floatValue(value);
}

function objectValue(value: object, depth: number): Value {
  if (Array.isArray(value)) return value.map((item: unknown) => valueOf(item, depth + 1));
  if (value instanceof PythonScalar) return { $: value.kind, text: value.text };
  if (value instanceof PythonDatetime && value.text !== null) return { $: "datetime", text: value.text };
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) refuse("an invalid Date cannot be sent");
    return { $: "datetime", text: value.toISOString().replace("Z", "000+00:00") };
  }
  if (value instanceof Uint8Array) return bytesValue(value);
  if (value instanceof Map) return dict(Array.from(value, ([key, item]) => [valueOf(key, depth + 1), valueOf(item, depth + 1)] as const));
  if (value instanceof Set) return { $: "set", items: Array.from(value, (item) => valueOf(item, depth + 1)) };
  if (hasToJson(value)) return valueOf(value.toJSON(), depth + 1);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return dict(entries.map(([key, item]): [Value, Value] => [key, valueOf(item, depth + 1)]));
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return "toJSON" in value && typeof value.toJSON === "function";
}

/**
 * A decoded value for a JavaScript function: dicts are objects (their keys become texts), lists, tuples and sets are arrays, a
 * datetime is a Date (without an offset it is read as UTC), bytes are a Buffer, an integer beyond 2^53 is a bigint. Dates, times,
 * decimals and UUIDs are objects that hold their text. What is sent back untouched is what it was, but for floats without a fraction.
 */
export function toJavaScript(value: Value): unknown {
  if (value === null || typeof value !== "object") return value;
  return isTagged(value) ? taggedToJavaScript(value) : value.map(toJavaScript);
}

function taggedToJavaScript(value: TaggedValue): unknown {
  switch (value.$) {
    case "dict":
      // Defines, never assigns: `__proto__` is a key like any other.
      return Object.fromEntries(value.items.map(([key, item]) => [String(toJavaScript(key)), toJavaScript(item)]));
    case "tuple":
    case "set":
    case "frozenset":
      return value.items.map(toJavaScript);
    case "int":
      return BigInt(value.text);
    case "float":
      return floatOf(value.text);
    case "bytes":
      return Buffer.from(value.base64, "base64");
    case "datetime":
      return new PythonDatetime(value.text);
    case "object":
      return value.type;
    case "cut":
      return null;
    default:
      return new PythonScalar(value.$, value.text);
  }
}
