import { isoDate, isoDatetime, isoDuration, isoTime } from "./iso.ts";
import { uuidText } from "./uuid.ts";
import { type Instance, type Value, get, isTagged } from "./value.ts";
import { zoneOffset } from "./zone.ts";

/** The value of a call as CPython's `repr` writes it, `Decimal('1.5')`, or the call itself as an inert object. */
export function calledValue(call: Instance): Value {
  return known(call) ?? call;
}

function known({ type, args = [], state }: Instance): Value | undefined {
  const [first] = args;
  switch (type) {
    case "Decimal":
      return typeof first === "string" ? { $: "decimal", text: first } : undefined;
    case "UUID": {
      const text = typeof first === "string" ? uuidText(first) : undefined;
      return text === undefined ? undefined : { $: "uuid", text };
    }
    case "set":
    case "frozenset":
      if (first === undefined) return { $: type, items: [] };
      return isTagged(first) && first.$ === "set" ? { $: type, items: first.items } : undefined;
    case "bytearray":
      return first !== undefined && isTagged(first) && first.$ === "bytes" ? first : undefined;
    case "datetime.date":
      return timed("date", isoDate(numbers(args)), "");
    case "datetime.time":
      return timed("time", isoTime(numbers(args)), zoneOffset(get(state, "tzinfo")));
    case "datetime.datetime":
      return args.length < 5 ? undefined : timed("datetime", isoDatetime(numbers(args)), zoneOffset(get(state, "tzinfo")));
    case "datetime.timedelta":
      return timedelta(args, state);
    default:
      return undefined;
  }
}

function timed(kind: "date" | "time" | "datetime", text: string | undefined, offset: string | undefined): Value | undefined {
  return text === undefined || offset === undefined ? undefined : { $: kind, text: text + offset };
}

/** Python 3.7 and later name the parts; zero is a plain `0`. */
function timedelta(args: Value[], state: Value | undefined): Value | undefined {
  const parts = ["days", "seconds", "microseconds"].map((part, index) => get(state, part) ?? args[index] ?? 0);
  const text = isoDuration(numbers(parts));
  return text === undefined ? undefined : { $: "timedelta", text };
}

function numbers(values: Value[]): number[] {
  return values.map((value) => (typeof value === "number" ? value : NaN));
}
