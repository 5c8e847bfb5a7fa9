import type { Decoded } from "../decoded.ts";
import { type Instance, type TaggedValue, type Value, isTagged } from "../python/value.ts";
import { Allowance, MAX_DEPTH, TOO_DEEP, TOO_MUCH } from "../bounds.ts";
import { builtValue } from "./known-classes.ts";
import { PickleMachine } from "./pickle-machine.ts";
import { orRefused } from "../refused.ts";

/**
 * A pickle of protocol 0 to 5 as plain data. Instances of classes that everybody knows (datetime, Decimal, UUID, …)
 * become those values, all others inert `object` tags. Nothing is imported, called or built. A structure that contains
 * itself, that nests deeper than 200 levels or that repeats its parts without measure is cut there.
 */
export function decodePickle(bytes: Uint8Array): Decoded<Value> {
  return orRefused(() => new Unfolding(bytes.length).value(new PickleMachine(bytes).run()));
}

/** Makes a tree out of the machine's graph. */
class Unfolding {
  readonly #allowance: Allowance;
  readonly #inside = new Set<Value>();

  constructor(inputLength: number) {
    this.#allowance = new Allowance(inputLength);
  }

  value(value: Value): Value {
    this.#allowance.take(lengthOf(value));
    if (this.#allowance.spent) return { $: "cut", reason: TOO_MUCH };
    if (typeof value !== "object" || value === null) return value;
    if (this.#inside.has(value)) return { $: "cut", reason: "contains itself" };
    if (this.#inside.size === MAX_DEPTH) return { $: "cut", reason: TOO_DEEP };
    this.#inside.add(value);
    const copy = Array.isArray(value) ? this.#list(value) : this.#tagged(value);
    this.#inside.delete(value);
    return copy;
  }

  #list(items: Value[]): Value[] {
    const copies: Value[] = [];
    for (const item of items) {
      copies.push(this.value(item));
      if (this.#allowance.spent) break;
    }
    return copies;
  }

  #pairs(items: [Value, Value][]): [Value, Value][] {
    const copies: [Value, Value][] = [];
    for (const [key, item] of items) {
      copies.push([this.value(key), this.value(item)]);
      if (this.#allowance.spent) break;
    }
    return copies;
  }

  #tagged(value: TaggedValue): Value {
    switch (value.$) {
      case "dict":
        return { $: "dict", items: this.#pairs(value.items) };
      case "tuple":
      case "set":
      case "frozenset":
        return { $: value.$, items: this.#list(value.items) };
      case "object": {
        const copy: Instance = { $: "object", type: value.type };
        if (value.args) copy.args = this.#list(value.args);
        if (value.state !== undefined) copy.state = this.value(value.state);
        return builtValue(copy);
      }
      default:
        return value;
    }
  }
}

/** How many characters a value itself holds. */
function lengthOf(value: Value): number {
  if (typeof value === "string") return value.length;
  if (value === null || !isTagged(value)) return 0;
  switch (value.$) {
    case "bytes":
      return value.base64.length;
    case "object":
      return value.type.length;
    case "int":
      return value.text.length;
    default:
      return 0;
  }
}
