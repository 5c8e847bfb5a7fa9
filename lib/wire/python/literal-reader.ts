import { MAX_DEPTH, TOO_DEEP } from "../bounds.ts";
import { refuse } from "../refused.ts";
import { isUtf8 } from "node:buffer";
import { bytesValue } from "./bytes.ts";
import { calledValue } from "./called.ts";
import { complexValueOf, floatValueOf, intValueOf } from "./number.ts";
import type { Instance, Value } from "./value.ts";

const SPACE = /[ \t\r\n]*/y;
/** Stands where values are left out; Celery may have written the commas of values that it then left out. */
const ELLIPSIS = /(?:[ \t]*,)*[ \t]*\.\.\.(?:,(?=\)))?/y;
const COMPLEX = /\([^\s,()']*j\)/y;
/** A number, a name or a name that was cut. */
const WORD = /[^\s,()[\]{}:'"<>=]+/y;
const KEYWORD = /[A-Za-z_]\w*=/y;
/** What can follow a value. */
const AFTER_VALUE = /$|[)\]}]|, |: |,\)/y;
const CLOSERS = ")]}";

const QUOTE_DOUBT = "a string may end at a quote behind a backslash, or go on";
const BACKSLASH_DOUBT = "a string holds a backslash, which Celery does not escape and Python does";
const BYTES_DOUBT = "bytes are written without escapes, so that they may end elsewhere or be hexadecimal digits";

/**
 * Reads one repr in linear time. What makes the text less than certain is noted on the way: strings of `saferepr`
 * escape their quotes and nothing else, its bytes not even those, and what did not fit is replaced by dots.
 */
export class LiteralReader {
  /** Dots stand where no value can end. */
  cut = false;
  /** A string ends in dots: its own, or those of the sender. */
  ellipsis = false;
  /** Why the text can be read in more than one way. */
  doubt: string | undefined;

  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Value {
    const value = this.#value();
    if (this.#match(ELLIPSIS)) this.cut = true;
    if (this.#at < this.#text.length && !this.cut) refuse("not a Python value: something behind it");
    return value;
  }

  #value(): Value {
    if (this.#depth === MAX_DEPTH) refuse(TOO_DEEP);
    this.#depth++;
    const value = this.#read();
    this.#depth--;
    return value;
  }

  #read(): Value {
    switch (this.#peek()) {
      case "'":
      case '"':
        return this.#string();
      case "(": {
        const complex = this.#match(COMPLEX);
        return complex ? (complexValueOf(complex) ?? refuse("not a Python value: no number")) : this.#tuple();
      }
      case "[":
        return this.#items("]").values;
      case "{":
        return this.#dictOrSet();
      case "<":
        return this.#object();
      default:
        return this.#word();
    }
  }

  #tuple(): Value {
    const { values, commas } = this.#items(")");
    if (values.length === 1 && commas === 0 && !this.cut) refuse("not a Python value: a tuple of one without its comma");
    return { $: "tuple", items: values };
  }

  #items(close: string): { values: Value[]; commas: number } {
    const values: Value[] = [];
    const commas = this.#each(close, (isMissing) => values.push(isMissing ? MISSING : this.#value()));
    return { values, commas };
  }

  #dictOrSet(): Value {
    const entries: [Value, Value][] = [];
    let keysOnly = 0;
    this.#each("}", (isMissing) => {
      const key = isMissing ? MISSING : this.#value();
      if (isMissing || !this.#skip(":")) {
        if (!isMissing) keysOnly++;
        entries.push([key, MISSING]);
        return;
      }
      this.#match(SPACE);
      entries.push([key, this.#ellipsis() ? MISSING : this.#value()]);
    });
    if (keysOnly === 0) return { $: "dict", items: entries };
    if (keysOnly < entries.length && !this.cut) refuse("not a Python value: a key without a value");
    const isSet = entries.every(([, value]) => value === MISSING);
    return isSet ? { $: "set", items: entries.map(([key]) => key) } : { $: "dict", items: entries };
  }

  /**
   * Reads what stands between brackets: `read` is called at each item, or for items that are missing. Once something is
   * missing, brackets may be missing too. Returns the number of commas.
   */
  #each(close: string, read: (isMissing: boolean) => void): number {
    let commas = 0;
    this.#at++;
    for (;;) {
      if (this.#ellipsis()) read(true);
      this.#match(SPACE);
      const next = this.#peek();
      if (next === undefined) this.#endsEarly();
      if (next === close) this.#at++;
      if (next === close || next === undefined || (this.cut && CLOSERS.includes(next))) return commas;
      read(false);
      if (this.#ellipsis()) read(true);
      this.#match(SPACE);
      if (this.#skip(",")) commas++;
      else if (this.#peek() !== close && this.#peek() !== undefined && !this.cut) refuse("not a Python value: no comma");
    }
  }

  /** Only a text that was cut lacks its closing brackets, unless a quote was misunderstood. */
  #endsEarly(): void {
    if (this.doubt !== undefined) refuse(this.doubt);
    this.cut = true;
  }

  #string(): string {
    const quote = this.#text.charAt(this.#at);
    const start = this.#at + 1;
    let end = this.#text.indexOf(quote, start);
    while (end > start && this.#text[end - 1] === "\\") {
      AFTER_VALUE.lastIndex = end + 1;
      if (AFTER_VALUE.test(this.#text)) this.doubt ??= QUOTE_DOUBT;
      end = this.#text.indexOf(quote, end + 1);
    }
    if (end < 0) this.#openString(start);
    const raw = this.#text.slice(start, end);
    this.#at = end + 1;
    if (quote === "'" && raw.endsWith("...")) this.ellipsis = true;
    const value = raw.replaceAll(`\\${quote}`, quote);
    if (value.includes("\\")) this.doubt ??= BACKSLASH_DOUBT;
    return value;
  }

  /** The repr of an object is cut wherever the room ends, even within quotes. */
  #openString(start: number): never {
    if (this.doubt === undefined && this.#text.includes("...", start)) this.cut = true;
    return refuse("not a Python value: a string without an end");
  }

  #bytes(): Value {
    const quote = this.#text.charAt(this.#at);
    const end = this.#text.indexOf(quote, this.#at + 1);
    if (end < 0) this.#openString(this.#at);
    const raw = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    if (raw.endsWith("...")) this.ellipsis = true;
    if (raw.includes("\\") || this.#text.includes(quote, end + 1)) this.doubt ??= BYTES_DOUBT;
    const hex = /^(?:[0-9a-f]{2})+$/.test(raw) ? Buffer.from(raw, "hex") : undefined;
    if (!hex || isUtf8(hex)) return bytesValue(Buffer.from(raw)); // hexadecimal digits replace what is no UTF-8 only
    this.doubt ??= BYTES_DOUBT;
    return bytesValue(hex);
  }

  #word(): Value {
    const word = this.#match(WORD);
    if (word === "") refuse("not a Python value");
    if (word.endsWith("...")) {
      this.cut = true;
      return MISSING;
    }
    const next = this.#peek();
    if (word === "b" && (next === "'" || next === '"')) return this.#bytes();
    return next === "(" ? this.#call(word) : wordValue(word);
  }

  #call(type: string): Value {
    const args: Value[] = [];
    const keywords: [Value, Value][] = [];
    this.#each(")", (isMissing) => {
      const keyword = isMissing ? "" : this.#match(KEYWORD).slice(0, -1);
      if (keyword) keywords.push([keyword, this.#value()]);
      else args.push(isMissing ? MISSING : this.#value());
    });
    const instance: Instance = { $: "object", type, args };
    if (keywords.length > 0) instance.state = { $: "dict", items: keywords };
    return calledValue(instance);
  }

  /** `<…>`, as an object writes itself that cannot be written as a call. */
  #object(): Value {
    const start = this.#at;
    let open = 0;
    for (let at = start; at < this.#text.length; at++) {
      if (this.#text[at] === "<") open++;
      else if (this.#text[at] === ">" && --open === 0) {
        this.#at = at + 1;
        return { $: "object", type: this.#text.slice(start, this.#at) };
      }
    }
    const dots = this.#text.indexOf("...", start);
    if (dots < 0) refuse("not a Python value: an object without an end");
    this.cut = true;
    this.#at = dots + 3;
    return { $: "object", type: this.#text.slice(start, this.#at) };
  }

  #ellipsis(): boolean {
    if (this.#match(ELLIPSIS) === "") return false;
    this.cut = true;
    return true;
  }

  #peek(): string | undefined {
    return this.#text[this.#at];
  }

  #skip(char: string): boolean {
    if (this.#peek() !== char) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [match = ""] = pattern.exec(this.#text) ?? [];
    this.#at += match.length;
    return match;
  }
}

const MISSING: Value = { $: "cut", reason: "left out by the sender" };

function wordValue(word: string): Value {
  switch (word) {
    case "None":
      return null;
    case "True":
      return true;
    case "False":
      return false;
    case "nan":
    case "inf":
    case "-inf":
      return { $: "float", text: word };
    default:
      if (/^-?[0-9]+$/.test(word)) return intValueOf(word);
      if (/^-?[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?$/.test(word)) return floatValueOf(word);
      return complexValueOf(word) ?? { $: "object", type: word };
  }
}
