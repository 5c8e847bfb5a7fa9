/**
 * A Python value as plain, inert data that is itself JSON: what a codec decoded is what the screen receives.
 *
 * JSON's own scalars and lists stand for themselves. Everything else is an object whose `$` says what it is, so that
 * an application's dict can never be mistaken for a tag. A number is a JavaScript number only where that is exact:
 * integers beyond 2^53, floats that look like integers (`1.0`), NaN and the infinities are tagged and keep their text.
 */
export type Value = null | boolean | number | string | Value[] | TaggedValue;

export type TaggedValue =
  /** A dict in the order of its entries; keys may be any value. */
  | { $: "dict"; items: [Value, Value][] }
  | { $: "tuple" | "set" | "frozenset"; items: Value[] }
  /** An integer that a JavaScript number cannot hold, in decimal. */
  | { $: "int"; text: string }
  /** A float as Python writes it: `nan`, `inf`, `-inf`, `1.0`, `1e400`. */
  | { $: "float"; text: string }
  | { $: "bytes"; base64: string }
  /** ISO 8601 for the times, decimal digits for a decimal, the canonical form for a UUID. */
  | { $: "datetime" | "date" | "time" | "timedelta" | "decimal" | "uuid" | "complex"; text: string }
  /** An instance of a class, never built: its qualified name and what it would have been built from. */
  | { $: "object"; type: string; args?: Value[]; state?: Value }
  /** Where a reader stopped because the input went on: too deep, too long, or cut by the sender. */
  | { $: "cut"; reason: string };

export type Instance = Extract<TaggedValue, { $: "object" }>;

export function isTagged(value: Value): value is TaggedValue {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A dict with string keys, in order. */
export function dict(entries: Iterable<readonly [Value, Value]>): TaggedValue {
  return { $: "dict", items: Array.from(entries, ([key, value]) => [key, value]) };
}

/** The value under a string key of a dict, or undefined when it is no dict or has no such key. The last entry wins. */
export function get(value: Value | undefined, key: string): Value | undefined {
  if (value === undefined || !isTagged(value) || value.$ !== "dict") return undefined;
  return value.items.findLast(([candidate]) => candidate === key)?.[1];
}
