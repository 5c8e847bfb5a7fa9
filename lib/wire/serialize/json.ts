import { type Decoded, decoded, undecodable } from "../decoded.ts";
import { floatText, floatValueOf, intValueOf } from "../python/number.ts";
import { type TaggedValue, type Value, dict, isTagged } from "../python/value.ts";
import { MAX_DEPTH, TOO_DEEP } from "../bounds.ts";
import { type JsonBuilder, nestsTooDeep, parseJsonText } from "./json-text.ts";
import { fromKombuType, toKombuType } from "./kombu-types.ts";
import { orRefused, refuse } from "../refused.ts";

/** What `JSON.parse` makes: ordinary JavaScript values, integers beyond 2^53 rounded. */
export type PlainJson = null | boolean | number | string | PlainJson[] | { [key: string]: PlainJson };

/**
 * JSON written by Kombu (5.2 to 5.7) or by Python's `json`, without loss: integers of any size, `1.0` apart from `1`,
 * NaN, and the types that Kombu 5.3 and later wrap. What nests deeper than 200 levels is cut.
 */
export function decodeJson(text: string): Decoded<Value> {
  return parseJsonText(text, exact);
}

const exact: JsonBuilder<Value> = {
  scalar: (value) => value,
  number: numberValue,
  list: (items) => items,
  object: objectValue,
  tooDeep: () => ({ $: "cut", reason: TOO_DEEP }),
};

function numberValue(text: string): Value {
  switch (text) {
    case "NaN":
      return { $: "float", text: "nan" };
    case "Infinity":
      return { $: "float", text: "inf" };
    case "-Infinity":
      return { $: "float", text: "-inf" };
    default:
      return /[.eE]/.test(text) ? floatValueOf(text) : intValueOf(text);
  }
}

function objectValue(entries: Map<string, Value>): Value {
  const type = entries.get("__type__");
  const value = entries.get("__value__");
  if (entries.size === 2 && typeof type === "string" && value !== undefined) return fromKombuType(type, value);
  return dict(entries);
}

/**
 * JSON as ordinary JavaScript values, for envelopes and events, where speed matters and integers are small. NaN and
 * the infinities are let through; nesting beyond 200 levels is refused, so that the result can be walked by recursion.
 */
export function parsePlainJson(text: string): Decoded<PlainJson> {
  if (nestsTooDeep(text)) return undecodable(`not JSON: ${TOO_DEEP}`);
  try {
    return decoded(parseNatively(text));
  } catch {
    return parseJsonText(text, plain);
  }
}

/** `JSON.parse` makes nothing else than `PlainJson`; its type in TypeScript does not say so. */
function parseNatively(text: string): PlainJson {
  return JSON.parse(text) as PlainJson;
}

const plain: JsonBuilder<PlainJson> = {
  scalar: (value) => value,
  number: Number,
  list: (items) => items,
  object: (entries) => Object.fromEntries(entries), // defines, never assigns: `__proto__` is a key like any other
};

/**
 * The JSON text that Kombu 5.3 and later write for a value, byte for byte; the reason when JSON cannot carry it, so
 * that nothing is sent that the task would receive as something else. Tuples become lists, as they do in Python.
 */
export function encodeKombuJson(value: Value): Decoded<string> {
  return orRefused(() => encode(value, 0));
}

function encode(value: Value, depth: number): string {
  if (depth > MAX_DEPTH) refuse(TOO_DEEP);
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return quote(value);
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : floatJson(floatText(value));
  if (isTagged(value)) return encodeTagged(value, depth);
  return encodeList(value, depth);
}

function encodeTagged(value: TaggedValue, depth: number): string {
  switch (value.$) {
    case "dict":
      return encodeDict(value.items, depth);
    case "tuple":
      return encodeList(value.items, depth);
    case "int":
      if (!/^-?\d+$/.test(value.text)) refuse("an integer is not written in digits");
      return value.text;
    case "float":
      return floatJson(value.text);
    case "cut":
      refuse(`a part is missing: ${value.reason}`);
    case "object":
      refuse(`JSON cannot hold an instance of ${value.type}`);
    default: {
      const typed = toKombuType(value);
      if (!typed) refuse(`JSON cannot hold this ${value.$}`);
      const inner = typeof typed.value === "string" ? quote(typed.value) : `{"hex": ${quote(typed.value.hex)}}`;
      return `{"__type__": ${quote(typed.type)}, "__value__": ${inner}}`;
    }
  }
}

function encodeList(items: Value[], depth: number): string {
  return `[${items.map((item) => encode(item, depth + 1)).join(", ")}]`;
}

function encodeDict(items: [Value, Value][], depth: number): string {
  const entries = new Map<string, string>();
  for (const [key, value] of items) {
    if (typeof key !== "string") refuse("a key of a dict is not a string, and JSON would make it one");
    entries.set(key, encode(value, depth + 1));
  }
  if (entries.size === 2 && entries.has("__type__") && entries.has("__value__")) {
    refuse("a dict of __type__ and __value__ would be read as the type that it names");
  }
  return `{${Array.from(entries, ([key, value]) => `${quote(key)}: ${value}`).join(", ")}}`;
}

function floatJson(text: string): string {
  switch (text) {
    case "nan":
      return "NaN";
    case "inf":
      return "Infinity";
    case "-inf":
      return "-Infinity";
    default:
      if (!/^-?\d+(?:\.\d+)?(?:e[-+]?\d+)?$/.test(text)) refuse("a float is not written in digits");
      return text;
  }
}

/** ASCII only, as Python's `json` writes by default. */
function quote(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
