import { bytesValue } from "../python/bytes.ts";
import { isoDate, isoDatetime, isoDuration, isoTime } from "../python/iso.ts";
import { complexText, floatOf } from "../python/number.ts";
import { uuidText } from "../python/uuid.ts";
import { type Instance, type Value, dict, get, isTagged } from "../python/value.ts";
import { zoneOffset } from "../python/zone.ts";

/**
 * The value of an instance whose class everybody knows, or the instance itself; its parts are values already. What each
 * class writes is its `__reduce__` in CPython 3.8 to 3.14.
 */
export function builtValue(instance: Instance): Value {
  return known(instance) ?? instance;
}

function known({ type, args, state }: Instance): Value | undefined {
  if (!args) return undefined; // a class, not an instance of it
  const [first, second] = args;
  switch (type) {
    case "_codecs.encode": // how protocols 0 to 2 write bytes
      return typeof first === "string" && second === "latin1" ? latin1(first) : undefined;
    case "builtins.bytes":
    case "builtins.bytearray":
      if (first === undefined) return bytesValue(new Uint8Array());
      if (typeof first === "string") return second === "latin-1" ? latin1(first) : undefined;
      return isTagged(first) && first.$ === "bytes" ? first : undefined;
    case "builtins.set":
      return { $: "set", items: listOf(first) };
    case "builtins.frozenset":
      return { $: "frozenset", items: listOf(first) };
    case "builtins.complex": {
      const [real, imaginary] = args.map(numberOf);
      if (real === undefined || imaginary === undefined) return undefined;
      return { $: "complex", text: complexText(real, imaginary) };
    }
    case "collections.OrderedDict":
      return orderedDict(args, state);
    case "decimal.Decimal":
      return typeof first === "string" ? { $: "decimal", text: first } : undefined;
    case "uuid.UUID":
      return uuid(state);
    case "datetime.datetime":
      return timed("datetime", first, zoneOffset(second));
    case "datetime.time":
      return timed("time", first, zoneOffset(second));
    case "datetime.date":
      return timed("date", first, "");
    case "datetime.timedelta": {
      const text = isoDuration(numbers(args));
      return text === undefined ? undefined : { $: "timedelta", text };
    }
    default:
      return undefined;
  }
}

function latin1(text: string): Value {
  return bytesValue(Buffer.from(text, "latin1"));
}

function listOf(value: Value | undefined): Value[] {
  if (Array.isArray(value)) return value;
  return value === undefined ? [] : [value]; // a `cut`
}

/** Pickle fills an empty one, PyYAML makes it from a list of pairs. */
function orderedDict(args: Value[], state: Value | undefined): Value | undefined {
  if (args.length === 0) return state === undefined ? dict([]) : dictOrNothing(state);
  const pairs = listOf(args[0]).map((pair) => (Array.isArray(pair) ? pair : tupleItems(pair)));
  return pairs.every((pair) => pair.length === 2) ? dict(pairs.map(([key = null, item = null]) => [key, item] as const)) : undefined;
}

function dictOrNothing(value: Value): Value | undefined {
  return isTagged(value) && value.$ === "dict" ? value : undefined;
}

function numberOf(value: Value): number | undefined {
  if (typeof value === "number") return value;
  if (!isTagged(value) || value.$ !== "float") return undefined;
  return floatOf(value.text);
}

function numbers(values: Value[]): number[] {
  return values.map((value) => (typeof value === "number" ? value : NaN));
}

/** `datetime.c` packs a time into bytes: year (2), month, day, hour, minute, second, microsecond (3); big endian. */
function timed(kind: "datetime" | "date" | "time", packed: Value | undefined, zone: string | undefined): Value | undefined {
  const bytes = packedBytes(packed);
  if (!bytes || zone === undefined) return undefined;
  const text = unpack[kind](bytes);
  return text === undefined ? undefined : { $: kind, text: text + zone };
}

const unpack = {
  // The top bit of the month says that the hour is the second one of a change to winter time (`fold`).
  datetime: (bytes: Buffer) =>
    bytes.length === 10
      ? isoDatetime([bytes.readUInt16BE(0), (bytes[2] ?? 0) & 0x7f, ...bytes.subarray(3, 7), bytes.readUIntBE(7, 3)])
      : undefined,
  date: (bytes: Buffer) => (bytes.length === 4 ? isoDate([bytes.readUInt16BE(0), ...bytes.subarray(2)]) : undefined),
  time: (bytes: Buffer) =>
    bytes.length === 6 ? isoTime([(bytes[0] ?? 0) & 0x7f, ...bytes.subarray(1, 3), bytes.readUIntBE(3, 3)]) : undefined,
};

function packedBytes(packed: Value | undefined): Buffer | undefined {
  if (typeof packed === "string") return Buffer.from(packed, "latin1"); // a `str` of Python 2
  if (packed === undefined || !isTagged(packed) || packed.$ !== "bytes") return undefined;
  return Buffer.from(packed.base64, "base64");
}

function tupleItems(value: Value | undefined): Value[] {
  return value !== undefined && isTagged(value) && value.$ === "tuple" ? value.items : [];
}

/** A UUID keeps its 128-bit integer. */
function uuid(state: Value | undefined): Value | undefined {
  const int = get(state, "int");
  const digits = typeof int === "number" ? String(int) : int !== undefined && isTagged(int) && int.$ === "int" ? int.text : "";
  if (!/^\d{1,39}$/.test(digits)) return undefined;
  const text = uuidText(BigInt(digits).toString(16).padStart(32, "0"));
  return text === undefined ? undefined : { $: "uuid", text };
}
