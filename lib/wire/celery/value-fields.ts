import { type Value, isTagged } from "../python/value.ts";

/** Reads of a decoded Python value where a certain shape is expected; null when it has another. */

export function textOf(value: Value | undefined): string | null {
  return typeof value === "string" ? value : null;
}

/** Tagged floats (`2.0`) and big integers become the nearest number; NaN and the infinities are null. */
export function numberOf(value: Value | undefined): number | null {
  if (typeof value === "number") return value;
  if (value === undefined || !isTagged(value) || (value.$ !== "float" && value.$ !== "int")) return null;
  const number = Number(value.text);
  return Number.isFinite(number) ? number : null;
}

export function booleanOf(value: Value | undefined): boolean | null {
  return typeof value === "boolean" ? value : null;
}

/** Lists and tuples: JSON and YAML make lists of tuples, pickle keeps them apart. */
export function listOf(value: Value | undefined): Value[] | null {
  if (Array.isArray(value)) return value;
  return value !== undefined && isTagged(value) && value.$ === "tuple" ? value.items : null;
}

export function isDict(value: Value | undefined): value is { $: "dict"; items: [Value, Value][] } {
  return value !== undefined && isTagged(value) && value.$ === "dict";
}

/** Entries of a dict whose keys are strings; none when it is no dict. */
export function entriesOf(value: Value | undefined): [string, Value][] {
  if (!isDict(value)) return [];
  return value.items.filter((entry): entry is [string, Value] => typeof entry[0] === "string");
}

export function textsOf(value: Value | undefined): string[] {
  return (listOf(value) ?? []).filter((item) => typeof item === "string");
}
