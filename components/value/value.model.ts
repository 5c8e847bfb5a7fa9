import type { TaggedValue, Value } from "../../lib/wire/python/value.ts";

/** A text from a broker as far as it can be taken apart. */
export type Reading = { kind: "value"; value: Value } | { kind: "text"; text: string };

/** Reads what a task detail tells: JSON of a `Value`, or a repr, which stays the text that it is. Never throws. */
export function readTold(told: { text: string; form: "repr" | "value" }): Reading {
  if (told.form === "repr") return { kind: "text", text: told.text };
  try {
    return { kind: "value", value: valueOf(JSON.parse(told.text)) };
  } catch {
    return { kind: "text", text: told.text };
  }
}

/** Reads any JSON text, with every digit of its numbers. Never throws. */
export function readJson(text: string): Reading {
  try {
    return { kind: "value", value: valueOf(JSON.parse(text, tagPlain)) };
  } catch {
    return { kind: "text", text };
  }
}

/** Turns JSON's objects into dicts, and numbers that JavaScript would round into their text. */
function tagPlain(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value === "number") {
    const source = context?.source ?? String(value);
    if (String(value) === source) return value;
    return /^-?\d+$/.test(source) ? { $: "int", text: source } : { $: "float", text: source };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return { $: "dict", items: Object.entries(value) };
}

/** The server wrote it, so it is a value; a shape that is none is shown as text by `previewOf`. */
function valueOf(parsed: unknown): Value {
  return parsed as Value;
}

function tagged(value: Value): TaggedValue | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
}

/** An entry of a list, a dict or an object's state. */
export interface Child {
  /** Key of a dict, or null for elements, which are numbered. */
  key: Value | null;
  index: number;
  value: Value;
}

/** What is inside, or undefined for a value that has no inside. */
export function childrenOf(value: Value): Child[] | undefined {
  if (Array.isArray(value)) return elements(value);
  const tag = tagged(value);
  switch (tag?.$) {
    case "dict":
      return tag.items.map(([key, child], index) => ({ key, index, value: child }));
    case "tuple":
    case "set":
    case "frozenset":
      return elements(tag.items);
    case "object": {
      const args = elements(tag.args ?? []);
      const state = tag.state === undefined ? [] : (childrenOf(tag.state) ?? [{ key: "state", index: 0, value: tag.state }]);
      return args.length + state.length === 0 ? undefined : [...args, ...state];
    }
    default:
      return undefined;
  }
}

function elements(values: Value[]): Child[] {
  return values.map((value, index) => ({ key: null, index, value }));
}

/** What Python calls its type, where the text does not show it. */
export function typeOf(value: Value): string | undefined {
  if (Array.isArray(value)) return `list of ${value.length}`;
  const tag = tagged(value);
  switch (tag?.$) {
    case undefined:
    case "int":
    case "float":
    case "complex":
      return undefined;
    case "dict":
    case "tuple":
    case "set":
    case "frozenset":
      return `${tag.$} of ${tag.items.length}`;
    case "object":
      return tag.type;
    case "bytes":
      return "bytes";
    default:
      return tag?.$;
  }
}

const PREVIEW_DEPTH = 4;

/** The value as one line of Python, about `max` characters long and then cut with `…`. */
export function previewOf(value: Value, max: number): string {
  const out: string[] = [];
  let left = max;
  const put = (text: string): void => {
    if (left <= 0) return;
    out.push(text.length > left ? `${cutAt(text, left)}…` : text);
    left -= text.length;
  };
  const list = (open: string, items: Value[], close: string, depth: number): void => {
    put(open);
    items.some((item, index) => {
      if (index > 0) put(", ");
      walk(item, depth + 1);
      return left <= 0;
    });
    put(close);
  };
  const walk = (node: Value, depth: number): void => {
    if (depth > PREVIEW_DEPTH) return put("…");
    if (Array.isArray(node)) return list("[", node, "]", depth);
    const tag = tagged(node);
    switch (tag?.$) {
      case "dict":
        put("{");
        tag.items.some(([key, child], index) => {
          if (index > 0) put(", ");
          walk(key, depth + 1);
          put(": ");
          walk(child, depth + 1);
          return left <= 0;
        });
        return put("}");
      case "tuple":
        return list("(", tag.items, tag.items.length === 1 ? ",)" : ")", depth);
      case "set":
        return tag.items.length === 0 ? put("set()") : list("{", tag.items, "}", depth);
      case "frozenset":
        return list("frozenset({", tag.items, "})", depth);
      default:
        return put(scalarText(node));
    }
  };
  walk(value, 0);
  return out.join("");
}

/** A value without an inside, as Python would write it. */
export function scalarText(value: Value): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return quote(value);
  const tag = tagged(value);
  switch (tag?.$) {
    case "int":
    case "float":
    case "complex":
    case "decimal":
    case "uuid":
    case "datetime":
    case "date":
    case "time":
    case "timedelta":
      return visible(tag.text);
    case "bytes":
      return `b64 ${tag.base64}`;
    case "object":
      return `<${visible(tag.type)}>`;
    case "cut":
      return "…";
    default:
      return visible(JSON.stringify(value));
  }
}

/** A string in quotes, with everything invisible written out. */
export function quote(text: string): string {
  return `"${visible(text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n").replaceAll("\t", "\\t").replaceAll("\r", "\\r"))}"`;
}

// Control characters, marks that turn the direction of a line, zero-width ones, and halves of surrogate pairs.
const HIDDEN = /[\p{Cc}\p{Cs}\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/** The text with invisible characters written as escapes, so that two values that look alike are alike. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (char) => {
    const code = char.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** The first characters of a text, never half of one. */
export function cutAt(text: string, length: number): string {
  const code = text.charCodeAt(length - 1);
  return text.slice(0, code >= 0xd800 && code < 0xdc00 ? length - 1 : length);
}

/** JSON of the value where JSON can say it, for copying; else undefined. A tuple is a list there, as Celery's own JSON has it. */
export function jsonOf(value: Value, indent = ""): string | undefined {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") return Number.isFinite(value) ? JSON.stringify(value) : undefined;
  const inner = `${indent}  `;
  const wrap = (open: string, parts: (string | undefined)[], close: string): string | undefined => {
    if (parts.includes(undefined)) return undefined;
    return parts.length === 0 ? open + close : `${open}\n${parts.map((part) => inner + part).join(",\n")}\n${indent}${close}`;
  };
  if (Array.isArray(value))
    return wrap(
      "[",
      value.map((item) => jsonOf(item, inner)),
      "]",
    );
  switch (value.$) {
    case "tuple":
      return jsonOf(value.items, indent);
    case "int":
      return value.text;
    case "float":
      return /^-?\d/.test(value.text) ? value.text : undefined;
    case "dict":
      return wrap(
        "{",
        value.items.map(([key, child]) => {
          const text = jsonOf(child, inner);
          return typeof key === "string" && text !== undefined ? `${JSON.stringify(key)}: ${text}` : undefined;
        }),
        "}",
      );
    default:
      return undefined;
  }
}
