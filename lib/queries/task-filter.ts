import { spanOf } from "../contract/common.ts";
import type { TaskFilter } from "../contract/task.ts";
import { AppError } from "../errors.ts";
import type { RowFilter, WordField } from "../view/filter.ts";
import { type SplitFilter, splitFilter } from "./filter-split.ts";
import { parseFilter, printFilter } from "./filter-text.ts";

export interface UnderstoodFilter extends SplitFilter {
  /** How the filter text was read, or null without one. */
  understood: string | null;
}

/** The conditions of a query as one filter. Without a window the whole log is meant. Throws `bad-input` for a broken filter text. */
export function understand(query: TaskFilter, now: number): UnderstoodFilter {
  const text = query.q ?? "";
  const parsed = parseFilter(text);
  if (!parsed.ok) throw new AppError("bad-input", `The filter text is broken at character ${parsed.at + 1}: ${parsed.reason}`);
  const split = splitFilter(parsed.filter);
  return {
    rows: { is: "all", of: [...conditions(query, now), split.rows] },
    payload: split.payload,
    understood: parsed.filter === null ? null : printFilter(parsed.filter),
  };
}

function conditions(query: TaskFilter, now: number): RowFilter[] {
  const conditions: RowFilter[] = [];
  for (const field of ["state", "name", "queue", "worker", "exception"] as const) {
    if (query[field].length > 0) conditions.push(oneOf(field, query[field]));
  }
  for (const field of ["parent", "root", "group"] as const) {
    const id = query[field];
    if (id !== undefined) conditions.push({ is: "match", field, pattern: id });
  }
  if (query.runMin !== undefined) conditions.push({ is: "compare", field: "runtime", by: ">=", value: query.runMin });
  if (query.runMax !== undefined) conditions.push({ is: "compare", field: "runtime", by: "<=", value: query.runMax });
  return [...conditions, ...windowOf(query, now)];
}

function oneOf(field: WordField, patterns: readonly string[]): RowFilter {
  return { is: "any", of: patterns.map((pattern) => ({ is: "match", field, pattern })) };
}

function windowOf(query: TaskFilter, now: number): RowFilter[] {
  if (query.window === undefined && query.from === undefined && query.to === undefined) return [];
  const { from, to } = spanOf(query, now);
  const field = query.time ?? "last";
  // A sliding window has no end: what a clock ahead of ours told belongs to now.
  return [query.to === undefined ? { is: "time", field, from } : { is: "time", field, from, to }];
}
