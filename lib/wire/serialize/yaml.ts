import {
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  parseDocument,
} from "yaml";
import { type Decoded, undecodable } from "../decoded.ts";
import { complexValueOf } from "../python/number.ts";
import { type Value, dict, get } from "../python/value.ts";
import { Allowance, MAX_DEPTH, TOO_DEEP, TOO_MUCH } from "../bounds.ts";
import { builtValue } from "./known-classes.ts";
import { orRefused, refuse } from "../refused.ts";
import { plainScalar, yamlBool, yamlFloat, yamlInt, yamlTimestamp } from "./yaml-scalar.ts";

/**
 * One YAML document as PyYAML writes it, with the tags of its regular dumper as well (`!!python/tuple`,
 * `!!python/object…`): classes that everybody knows become values, all others inert `object` tags. Aliases are copied,
 * and cut where they contain themselves or repeat without measure.
 */
export function decodeYaml(text: string): Decoded<Value> {
  if (text.length > MAX_LENGTH) return undecodable(`YAML of more than ${MAX_LENGTH} characters is not read`);
  const document = parseDocument(text, {
    schema: "failsafe", // leaves every scalar a text: what it means is ours to say
    version: "1.1",
    uniqueKeys: false, // would compare every key with every other
    resolveKnownTags: false,
    prettyErrors: false,
    logLevel: "error",
  });
  const [error] = document.errors;
  if (error) return undecodable(`not YAML: ${error.code} at ${error.pos[0]}`); // its message quotes the text
  return orRefused(() => new Walk(text.length).value(document.contents));
}

/** The parser takes a second or more for so much, in which nothing else runs. */
const MAX_LENGTH = 1_000_000;

class Walk {
  readonly #allowance: Allowance;
  readonly #anchors = new Map<string, Node>();
  readonly #inside = new Set<unknown>();

  constructor(inputLength: number) {
    this.#allowance = new Allowance(inputLength);
  }

  value(node: unknown): Value {
    this.#allowance.take(isScalar(node) ? String(node.value).length : 0);
    if (this.#allowance.spent) return { $: "cut", reason: TOO_MUCH };
    if (isAlias(node)) return this.value(this.#anchors.get(node.source) ?? refuse("not YAML: an alias of nothing"));
    if (isScalar(node)) {
      if (node.anchor) this.#anchors.set(node.anchor, node);
      return scalarValue(node);
    }
    if (!isSeq(node) && !isMap(node)) return null;
    if (node.anchor) this.#anchors.set(node.anchor, node);
    if (this.#inside.has(node)) return { $: "cut", reason: "contains itself" };
    if (this.#inside.size === MAX_DEPTH) return { $: "cut", reason: TOO_DEEP };
    this.#inside.add(node);
    const value = isSeq(node) ? seqValue(node, this.#items(node)) : mapValue(node, this.#entries(node.items));
    this.#inside.delete(node);
    return value;
  }

  #items(node: YAMLSeq): Value[] {
    const items: Value[] = [];
    for (const item of node.items) {
      items.push(isPair(item) ? dict(this.#entries([item])) : this.value(item));
      if (this.#allowance.spent) break;
    }
    return items;
  }

  #entries(pairs: Pair[]): [Value, Value][] {
    const entries: [Value, Value][] = [];
    for (const { key, value } of pairs) {
      entries.push([this.value(key), this.value(value)]);
      if (this.#allowance.spent) break;
    }
    return entries;
  }
}

const STANDARD = "tag:yaml.org,2002:";

/** The tag that a node carries, without its usual prefix, and the name that a `!!python/` tag ends in. */
function tagOf(node: Node): { tag: string; name: string } {
  const full = node.tag ?? "";
  const short = full.startsWith(STANDARD) ? full.slice(STANDARD.length) : full;
  const colon = short.startsWith("python/") ? short.indexOf(":") : -1;
  return colon < 0 ? { tag: short, name: "" } : { tag: short.slice(0, colon), name: short.slice(colon + 1) };
}

function scalarValue(node: Scalar): Value {
  const text = String(node.value);
  const { tag, name } = tagOf(node);
  return taggedScalar(tag, name, text) ?? (tag === "" && node.type === "PLAIN" ? plainScalar(text) : unknownTag(tag, text));
}

function unknownTag(tag: string, text: string): Value {
  return ["", "!", "str", "python/str", "python/unicode"].includes(tag) ? text : { $: "object", type: tag, args: [text] };
}

function taggedScalar(tag: string, name: string, text: string): Value | undefined {
  switch (tag) {
    case "null":
    case "python/none":
      return null;
    case "bool":
    case "python/bool":
      return yamlBool(text);
    case "int":
    case "python/int":
    case "python/long":
      return yamlInt(text);
    case "float":
    case "python/float":
      return yamlFloat(text) ?? yamlInt(text);
    case "timestamp":
      return yamlTimestamp(text);
    case "binary":
    case "python/bytes":
      return { $: "bytes", base64: Buffer.from(text, "base64").toString("base64") };
    case "python/complex":
      return complexValueOf(text);
    case "python/name":
    case "python/module":
      return { $: "object", type: name };
    default:
      return undefined;
  }
}

function seqValue(node: YAMLSeq, items: Value[]): Value {
  const { tag, name } = tagOf(node);
  switch (tag) {
    case "":
    case "seq":
    case "python/list":
      return items;
    case "python/tuple":
      return { $: "tuple", items };
    case "python/object/apply":
    case "python/object/new":
      return builtValue({ $: "object", type: name, args: items });
    default:
      return { $: "object", type: tag, args: items };
  }
}

function mapValue(node: YAMLMap, items: [Value, Value][]): Value {
  const { tag, name } = tagOf(node);
  switch (tag) {
    case "":
    case "map":
    case "python/dict":
      return { $: "dict", items };
    case "set":
      return { $: "set", items: items.map(([key]) => key) };
    case "python/object":
      return builtValue({ $: "object", type: name, args: [], state: { $: "dict", items } });
    case "python/object/apply":
    case "python/object/new":
      return applied(name, { $: "dict", items });
    default:
      return { $: "object", type: tag, args: [{ $: "dict", items }] };
  }
}

/** An instance with more than positional arguments names the parts that it is made from. */
function applied(type: string, parts: Value): Value {
  const args = get(parts, "args");
  const filled = ["state", "dictitems", "listitems", "kwds"].map((part) => get(parts, part));
  const state = filled.find((part) => part !== undefined);
  return builtValue({ $: "object", type, args: Array.isArray(args) ? args : [], ...(state !== undefined && { state }) });
}
