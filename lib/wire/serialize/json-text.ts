import type { Decoded } from "../decoded.ts";
import { MAX_DEPTH, TOO_DEEP } from "../bounds.ts";
import { orRefused, refuse } from "../refused.ts";

/** How a caller of `parseJsonText` makes its own values. */
export type JsonBuilder<T> = {
  scalar: (value: string | boolean | null) => T;
  /** The number as it is written, and `NaN`, `Infinity`, `-Infinity`. */
  number: (text: string) => T;
  list: (items: T[]) => T;
  /** As in a Python dict, a repeated key keeps its first place and its last value. */
  object: (entries: Map<string, T>) => T;
  /** Stands for what is nested too deep; without it such a text is refused. */
  tooDeep?: () => T;
};

/**
 * JSON as Python's `json` module writes and reads it (CPython 3.11): the bare tokens NaN, Infinity and -Infinity,
 * integers of any size, duplicate keys, lone surrogates. Raw control characters in strings are let through too.
 */
export function parseJsonText<T>(text: string, build: JsonBuilder<T>): Decoded<T> {
  return orRefused(() => new Parser(text, build).document());
}

const SPACE = /[ \t\r\n]*/y;
const NUMBER = /-?(?:Infinity|(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)|NaN/y;
const ESCAPES = new Map([...'"\\/'].map((char) => [char, char])).set("b", "\b").set("f", "\f").set("n", "\n").set("r", "\r").set("t", "\t");

class Parser<T> {
  readonly #text: string;
  readonly #build: JsonBuilder<T>;
  #at = 0;
  #depth = 0;

  constructor(text: string, build: JsonBuilder<T>) {
    this.#text = text;
    this.#build = build;
  }

  document(): T {
    this.#space();
    const value = this.#value();
    this.#space();
    if (this.#at < this.#text.length) this.#fail("something after the value");
    return value;
  }

  #value(): T {
    switch (this.#text[this.#at]) {
      case '"':
        return this.#build.scalar(this.#string());
      case "[":
        return this.#nested(() => this.#build.list(this.#list()));
      case "{":
        return this.#nested(() => this.#build.object(this.#object()));
      case "t":
        return this.#word("true", true);
      case "f":
        return this.#word("false", false);
      case "n":
        return this.#word("null", null);
      default: {
        const number = this.#match(NUMBER);
        return number ? this.#build.number(number) : this.#fail("no value");
      }
    }
  }

  #nested(read: () => T): T {
    if (this.#depth === MAX_DEPTH) {
      if (!this.#build.tooDeep) this.#fail(TOO_DEEP);
      this.#at = endOfNest(this.#text, this.#at);
      return this.#build.tooDeep();
    }
    this.#depth++;
    const value = read();
    this.#depth--;
    return value;
  }

  #list(): T[] {
    const items: T[] = [];
    if (this.#opensEmpty("]")) return items;
    do {
      items.push(this.#value());
    } while (this.#continues("]"));
    return items;
  }

  #object(): Map<string, T> {
    const entries = new Map<string, T>();
    if (this.#opensEmpty("}")) return entries;
    do {
      const key = this.#text[this.#at] === '"' ? this.#string() : this.#fail("no key");
      this.#space();
      this.#expect(":");
      this.#space();
      entries.set(key, this.#value());
    } while (this.#continues("}"));
    return entries;
  }

  /** Steps over the opening bracket, and over the closing one where nothing stands between. */
  #opensEmpty(close: string): boolean {
    this.#at++;
    this.#space();
    if (this.#text[this.#at] !== close) return false;
    this.#at++;
    return true;
  }

  /** Steps over a comma (true) or the closing bracket (false). */
  #continues(close: string): boolean {
    this.#space();
    if (this.#text[this.#at] === ",") {
      this.#at++;
      this.#space();
      return true;
    }
    this.#expect(close);
    return false;
  }

  #string(): string {
    const end = endOfString(this.#text, this.#at);
    if (end < 0) this.#fail("a string without an end");
    const raw = this.#text.slice(this.#at + 1, end);
    const value = raw.includes("\\") ? this.#unescape(raw) : raw;
    this.#at = end + 1;
    return value;
  }

  #unescape(raw: string): string {
    return raw.replace(/\\(?:u([0-9a-fA-F]{4})|(.?))/gs, (_, hex: string | undefined, char: string | undefined) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      return ESCAPES.get(char ?? "") ?? this.#fail("an unknown escape in the string");
    });
  }

  #word(word: string, value: boolean | null): T {
    if (!this.#text.startsWith(word, this.#at)) this.#fail("no value");
    this.#at += word.length;
    return this.#build.scalar(value);
  }

  #expect(char: string): void {
    if (this.#text[this.#at] !== char) this.#fail(`no ${char}`);
    this.#at++;
  }

  #space(): void {
    const code = this.#text.charCodeAt(this.#at);
    if (code <= 32) this.#match(SPACE);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [match = ""] = pattern.exec(this.#text) ?? [];
    this.#at += match.length;
    return match;
  }

  /** The reason names a place and never the text, which may be secret. */
  #fail(reason: string): never {
    refuse(`not JSON: ${reason} at ${this.#at}`);
  }
}

/** The index of the quote that ends the string which begins at `start`, or -1. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0) {
    let backslashes = end;
    while (text[backslashes - 1] === "\\") backslashes--;
    if ((end - backslashes) % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return -1;
}

/** The index behind the list or object that begins at `start`, without looking at what is in it. */
function endOfNest(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    switch (text[at]) {
      case '"': {
        const end = endOfString(text, at);
        if (end < 0) return text.length;
        at = end;
        break;
      }
      case "[":
      case "{":
        depth++;
        break;
      case "]":
      case "}":
        if (--depth === 0) return at + 1;
        break;
      default:
    }
  }
  return text.length;
}

/** Whether a JSON text nests deeper than every decoder goes. */
export function nestsTooDeep(text: string): boolean {
  if (count(text, "[") + count(text, "{") <= MAX_DEPTH) return false; // nearly every text, at a third of the cost
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: {
        const end = endOfString(text, at);
        if (end < 0) return false;
        at = end;
        break;
      }
      case 0x5b:
      case 0x7b:
        if (++depth > MAX_DEPTH) return true;
        break;
      case 0x5d:
      case 0x7d:
        depth--;
        break;
      default:
    }
  }
  return false;
}

/** How often a character stands in a text, counted no further than matters. */
function count(text: string, char: string): number {
  let found = 0;
  for (let at = text.indexOf(char); at >= 0 && found <= MAX_DEPTH; at = text.indexOf(char, at + 1)) found++;
  return found;
}
