import { uuidText } from "../python/uuid.ts";
import { type TaggedValue, type Value, get } from "../python/value.ts";

const DATE = /^\d{4}-\d\d-\d\d$/;
const TIME = /^\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[-+]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?$/;
const DECIMAL = /^[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|Infinity|s?NaN\d*)$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * What `{"__type__": type, "__value__": value}` stands for in JSON of Kombu 5.3 and later. Types that an application
 * registered, and values that Kombu's own decoder would refuse, become inert objects.
 */
export function fromKombuType(type: string, value: Value): Value {
  return readKnown(type, value) ?? { $: "object", type, args: [value] };
}

function readKnown(type: string, value: Value): TaggedValue | undefined {
  if (type === "uuid") {
    const hex = get(value, "hex");
    const text = typeof hex === "string" ? uuidText(hex) : undefined;
    return text === undefined ? undefined : { $: "uuid", text };
  }
  if (typeof value !== "string") return undefined;
  switch (type) {
    case "datetime":
    case "date":
    case "time":
    case "decimal":
      return isText[type](value) ? { $: type, text: value } : undefined;
    case "bytes":
      return value.isWellFormed() ? { $: "bytes", base64: Buffer.from(value).toString("base64") } : undefined;
    case "base64":
      return BASE64.test(value) ? { $: "bytes", base64: value } : undefined;
    default:
      return undefined;
  }
}

/** Whether a text is what Python writes for a value of the type. */
const isText = {
  datetime: (text: string) =>
    DATE.test(text.slice(0, 10)) && (text.length === 10 || (/[T ]/.test(text.charAt(10)) && TIME.test(text.slice(11)))),
  date: (text: string) => DATE.test(text),
  time: (text: string) => TIME.test(text),
  decimal: (text: string) => DECIMAL.test(text),
};

/** The `__type__` and `__value__` that Kombu writes for a value, or undefined where it has none. */
export function toKombuType(value: TaggedValue): { type: string; value: string | { hex: string } } | undefined {
  switch (value.$) {
    case "datetime":
    case "date":
    case "time":
    case "decimal":
      return isText[value.$](value.text) ? { type: value.$, value: value.text } : undefined;
    case "uuid": {
      const hex = uuidText(value.text)?.replaceAll("-", "");
      return hex === undefined ? undefined : { type: "uuid", value: { hex } };
    }
    case "bytes": {
      const bytes = Buffer.from(value.base64, "base64");
      const text = bytes.toString();
      return Buffer.from(text).equals(bytes) ? { type: "bytes", value: text } : { type: "base64", value: value.base64 };
    }
    default:
      return undefined;
  }
}
