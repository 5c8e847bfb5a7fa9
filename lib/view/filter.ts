import type { TIME_FIELDS } from "../contract/task.ts";

export type WordField = "state" | "name" | "queue" | "worker" | "exception";
export type IdField = "id" | "parent" | "root" | "group";
export type NumberField = "retries" | "priority" | "runtime" | "wait";
export type TimeField = (typeof TIME_FIELDS)[number];
export type Comparison = "=" | ">" | ">=" | "<" | "<=";

/** A condition that is answered from the columns of the task table alone. */
export type RowFilter =
  /** `all` of nothing is true, `any` of nothing is false. */
  | { is: "all" | "any"; of: readonly RowFilter[] }
  | { is: "not"; of: RowFilter }
  /** `*` stands for any text, and a field that is not known is the empty text. An exception matches with or without its module. */
  | { is: "match"; field: WordField | IdField; pattern: string }
  /** `runtime` and `wait` in ms. What is not known passes no comparison. */
  | { is: "compare"; field: NumberField; by: Comparison; value: number }
  /** Epoch ms; `from` itself is inside, `to` is not. What is not known is outside. */
  | { is: "time"; field: TimeField; from?: number; to?: number };

/** Whether a text matches a pattern in which `*` stands for any text. Linear for every pattern. */
export function matcherOf(pattern: string): (text: string) => boolean {
  const parts = pattern.split("*");
  const head = parts.shift() ?? "";
  const tail = parts.pop();
  if (tail === undefined) return (text) => text === pattern;
  return (text) => {
    if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail)) return false;
    const end = text.length - tail.length;
    let at = head.length;
    for (const part of parts) {
      const found = text.indexOf(part, at);
      if (found < 0 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
}
