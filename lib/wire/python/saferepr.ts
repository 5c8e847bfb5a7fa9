import { floatText } from "./number.ts";
import { type TaggedValue, type Value, isTagged } from "./value.ts";

/**
 * The text that Celery 5.7 shows for arguments and results (`celery/utils/saferepr.py`): close to Python's `repr`, but
 * strings escape nothing except `'`, what nests deeper than `levels` is `[...]`, and about `budget` characters are written,
 * the rest being `...`. Reading it back is `parseLiteral`.
 */
export function saferepr(value: Value, budget = 1024, levels = 3): string {
  const writer = new Writer(budget, levels);
  writer.value(value);
  return writer.text;
}

class Writer {
  text = "";
  readonly #levels: number;
  #left: number;
  #cut = false;
  /** The closing texts of what is open, outermost first. */
  readonly #open: string[] = [];

  constructor(budget: number, levels: number) {
    this.#left = budget;
    this.#levels = levels;
  }

  value(value: Value): void {
    if (this.#cut) return;
    if (typeof value === "string") this.#write(quoted(value, this.#left));
    else if (Array.isArray(value)) this.#sequence("[", value, "]");
    else if (isTagged(value)) this.#tagged(value);
    else this.#write(truncate(scalar(value), this.#left));
  }

  #tagged(value: TaggedValue): void {
    switch (value.$) {
      case "dict":
        return this.#nest("{", value.items, "}", ([key, item]) => this.#entry(key, item));
      case "tuple":
        return this.#sequence("(", value.items, value.items.length === 1 ? ",)" : ")");
      case "set":
        return value.items.length === 0 ? this.#write(truncate("set()", this.#left)) : this.#sequence("{", value.items, "}");
      case "frozenset":
        if (value.items.length === 0) return this.#write(truncate("frozenset()", this.#left));
        return this.#sequence("frozenset({", value.items, "})");
      case "bytes":
        return this.#write(bytes(value.base64, this.#left));
      default:
        return this.#write(truncate(called(value), this.#left));
    }
  }

  #sequence(open: string, items: Value[], close: string): void {
    this.#nest(open, items, close, (item) => this.value(item));
  }

  #entry(key: Value, item: Value): void {
    this.#write(this.#left > 0 ? saferepr(key, this.#left, this.#levels) : "");
    this.#write(": ");
    this.value(item);
  }

  #nest<T>(open: string, items: T[], close: string, write: (item: T) => void): void {
    if (this.#open.length >= this.#levels) return this.#write(`${open}...${close}`);
    this.#write(open);
    if (this.#cut) return;
    this.#open.push(close);
    for (const [index, item] of items.entries()) {
      if (index > 0) this.#write(", ");
      write(item);
      if (this.#cut) return;
    }
    this.#open.pop();
    // Closing what has no more in it leaves nothing out, so it is written even where nothing else fits.
    this.text += close;
    this.#left -= close.length;
  }

  #write(text: string): void {
    if (this.#cut) return;
    if (this.#left <= 0) {
      this.#cut = true;
      this.text += `, ...${this.#open.toReversed().join("")}`;
      return;
    }
    this.text += text;
    this.#left -= lengthOf(text);
  }
}

function scalar(value: null | boolean | number): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return Number.isInteger(value) ? String(value) : floatText(value);
}

function quoted(text: string, left: number): string {
  return `'${truncate(text, left).replaceAll("'", "\\'")}'`;
}

/** Bytes that are no UTF-8 are shown as hexadecimal digits. */
function bytes(base64: string, left: number): string {
  const all = Buffer.from(base64, "base64");
  const shown = all.subarray(0, Math.max(left, 0));
  const text = shown.toString();
  return `b'${Buffer.from(text).equals(shown) ? text : shown.toString("hex")}${all.length > shown.length ? "..." : ""}'`;
}

type Called = Exclude<TaggedValue, { $: "dict" | "tuple" | "set" | "frozenset" | "bytes" }>;

function called(value: Called): string {
  switch (value.$) {
    case "decimal":
      return `Decimal('${value.text}')`;
    case "uuid":
      return `UUID('${value.text}')`;
    case "datetime":
    case "date":
    case "time":
      return `datetime.${value.$}(${timeArguments(value.text)})`;
    case "object":
      return `<${value.type}>`;
    case "cut":
      return "...";
    default:
      return value.text;
  }
}

/** The numbers of an ISO 8601 text as CPython's `repr` lists them: seconds and microseconds only where they are not zero. */
function timeArguments(text: string): string {
  const [, main = "", fraction = "", zone = ""] = /^(.*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?$/.exec(text) ?? [];
  const [date = "", time] = main.includes("-") ? main.split(/[T ]/) : ["", main];
  const numbers = date === "" ? [] : date.split("-").map(Number);
  if (time !== undefined) {
    const [hour = 0, minute = 0, second = 0] = time.split(":").map(Number);
    const micro = Number(fraction.padEnd(6, "0").slice(0, 6));
    numbers.push(hour, minute, ...(second > 0 || micro > 0 ? [second] : []), ...(micro > 0 ? [micro] : []));
  }
  return `${numbers.join(", ")}${zoneArgument(zone)}`;
}

function zoneArgument(zone: string): string {
  if (zone === "") return "";
  const [, sign, hours = "0", minutes = "0"] = /^([+-])(\d\d):(\d\d)$/.exec(zone) ?? [];
  const seconds = (Number(hours) * 3600 + Number(minutes) * 60) * (sign === "-" ? -1 : 1);
  if (seconds === 0) return ", tzinfo=datetime.timezone.utc";
  const delta = seconds < 0 ? `days=-1, seconds=${86_400 + seconds}` : `seconds=${seconds}`;
  return `, tzinfo=datetime.timezone(datetime.timedelta(${delta}))`;
}

/** Cuts at the last space that fits. Python counts characters, not UTF-16 units. */
function truncate(text: string, left: number): string {
  if (left <= 0 || text.length < left) return text;
  const start = Array.from(text.slice(0, 2 * left));
  if (start.length < left) return text;
  const cut = start.slice(0, left).join("");
  const space = cut.lastIndexOf(" ");
  return `${space < 0 ? cut : cut.slice(0, space)}...`;
}

function lengthOf(text: string): number {
  return /[\ud800-\udbff]/.test(text) ? Array.from(text).length : text.length;
}
