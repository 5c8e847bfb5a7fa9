import type { Value } from "./value.ts";

/** One line of Python-like text for a table cell, at most `maxLength` characters, cut with `…`. */
export function formatValue(value: Value, maxLength: number): string {
  return JSON.stringify(value).slice(0, maxLength);
}
