import { floatText } from "./number.ts";
import { type Instance, type TaggedValue, type Value, isTagged } from "./value.ts";

/**
 * One line of text for a table cell, as Python would write the value, at most `maxLength` characters and cut with `…`.
 * Takes time for what it writes, not for what the value holds.
 */
export function formatValue(value: Value, maxLength: number): string {
  const writer = new Writer(maxLength);
  writer.value(value);
  return writer.text();
}

class Writer {
  readonly #max: number;
  #text = "";

  constructor(max: number) {
    this.#max = max;
  }

  text(): string {
    if (!this.#isFull()) return this.#text;
    return `${this.#text.slice(0, Math.max(0, this.#max - 1)).replace(/[\ud800-\udbff]$/, "")}…`;
  }

  value(value: Value): void {
    if (this.#isFull()) return;
    if (value === null) this.#write("None");
    else if (typeof value === "boolean") this.#write(value ? "True" : "False");
    else if (typeof value === "number") this.#write(Number.isInteger(value) ? String(value) : floatText(value));
    else if (typeof value === "string") this.#quote(value);
    else if (isTagged(value)) this.#tagged(value);
    else this.#list("[", value, "]");
  }

  #tagged(value: TaggedValue): void {
    switch (value.$) {
      case "dict":
        return this.#each("{", value.items, "}", ([key, item]) => this.#entry(key, item));
      case "tuple":
        return this.#list("(", value.items, value.items.length === 1 ? ",)" : ")");
      case "set":
        return value.items.length === 0 ? this.#write("set()") : this.#list("{", value.items, "}");
      case "frozenset":
        return value.items.length === 0 ? this.#write("frozenset()") : this.#list("frozenset({", value.items, "})");
      case "int":
      case "float":
      case "complex":
        return this.#name(value.text);
      case "decimal":
        return this.#call("Decimal", value.text);
      case "uuid":
        return this.#call("UUID", value.text);
      case "datetime":
      case "date":
      case "time":
      case "timedelta":
        return this.#call(value.$, value.text);
      case "bytes":
        return this.#bytes(value.base64);
      case "object":
        return this.#object(value);
      case "cut":
        return this.#write("…");
    }
  }

  #entry(key: Value, item: Value): void {
    this.value(key);
    if (isTagged(key) && key.$ === "cut") return; // stands for whole entries
    this.#write(": ");
    this.value(item);
  }

  #list(open: string, items: Value[], close: string): void {
    this.#each(open, items, close, (item) => this.value(item));
  }

  #each<T>(open: string, items: T[], close: string, write: (item: T) => void): void {
    this.#write(open);
    for (const [index, item] of items.entries()) {
      if (this.#isFull()) return;
      if (index > 0) this.#write(", ");
      write(item);
    }
    this.#write(close);
  }

  #object({ type, args, state }: Instance): void {
    this.#name(type);
    if (!args) return;
    const named = state !== undefined && isTagged(state) && state.$ === "dict" ? state.items : [];
    const parts: (() => void)[] = args.slice(0, this.#max).map((arg) => () => this.value(arg));
    for (const [key, item] of named.slice(0, this.#max)) parts.push(() => this.#named(key, item));
    if (state !== undefined && named.length === 0) parts.push(() => this.value(state));
    this.#each("(", parts, ")", (part) => part());
  }

  #named(name: Value, item: Value): void {
    if (typeof name === "string") {
      this.#name(name);
      this.#write("=");
    }
    this.value(item);
  }

  #call(name: string, text: string): void {
    this.#write(`${name}(`);
    this.#quote(text);
    this.#write(")");
  }

  #name(text: string): void {
    this.#write(escape(text.slice(0, this.#max + 1)));
  }

  #quote(text: string): void {
    const start = text.slice(0, this.#max + 1);
    const quote = start.includes("'") && !start.includes('"') ? '"' : "'";
    this.#write(quote + escape(start.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`)) + quote);
  }

  #bytes(base64: string): void {
    const start = Buffer.from(base64.slice(0, 4 * Math.ceil((this.#max + 1) / 3)), "base64").toString("latin1");
    const ascii = start.replace(/[^ -~]|['\\]/g, (char) => ESCAPES[char] ?? `\\x${hex(char, 2)}`);
    this.#write(`b'${ascii}'`);
  }

  #write(text: string): void {
    this.#text += text;
  }

  #isFull(): boolean {
    return this.#text.length > this.#max;
  }
}

const ESCAPES: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "'": "\\'", "\\": "\\\\" };

/** What Python calls unprintable: control and format characters, lone surrogates, and all spaces but one. */
function escape(text: string): string {
  return text.replace(/[\p{C}\p{Z}]/gu, (char) => {
    if (char === " ") return char;
    const code = char.codePointAt(0) ?? 0;
    if (code > 0xffff) return `\\U${hex(char, 8)}`;
    return ESCAPES[char] ?? (code > 0xff ? `\\u${hex(char, 4)}` : `\\x${hex(char, 2)}`);
  });
}

function hex(char: string, digits: number): string {
  return (char.codePointAt(0) ?? 0).toString(16).padStart(digits, "0");
}
