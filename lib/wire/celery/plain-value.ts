import { type Value, isTagged } from "../python/value.ts";

/**
 * A decoded value as ordinary JavaScript, where a codec reads fields rather than shows what the application sent: dicts
 * become objects, tuples and sets arrays, tagged numbers the nearest number, everything else its text.
 */
export function plainValue(value: Value): unknown {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(plainValue);
  if (!isTagged(value)) return null;
  switch (value.$) {
    case "dict":
      return Object.fromEntries(value.items.map(([key, item]) => [keyText(key), plainValue(item)]));
    case "tuple":
    case "set":
    case "frozenset":
      return value.items.map(plainValue);
    case "int":
    case "float":
      return Number(value.text.replace("inf", "Infinity"));
    case "bytes":
      return value.base64;
    case "object":
      return value.type;
    case "cut":
      return "…";
    default:
      return value.text;
  }
}

function keyText(key: Value): string {
  return typeof key === "string" ? key : String(plainValue(key));
}
