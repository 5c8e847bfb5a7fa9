import type { SortField } from "../contract/task.ts";
import type { RowFilter } from "./filter.ts";
import { IdKey } from "./id-key.ts";
import { maskOf } from "./row-mask.ts";
import { numbersOf, timesOf, type NumbersOf } from "./row-numbers.ts";
import { Selection } from "./selection.ts";
import { CHUNK_ROWS, type TaskChunk } from "./task-chunk.ts";
import type { TaskTable } from "./task-table.ts";

/** The last row of a page: its value in the sorted field, null when that is not known, and its id. */
export interface Cursor {
  value: number | string | null;
  id: string;
}

export interface ScanQuery {
  filter: RowFilter;
  /** Rows that do not know the field come last, in both directions. Rows with the same value come in some fixed order of their ids. */
  sort: SortField;
  descending: boolean;
  /** The page begins behind this, whether or not that row still exists. */
  after?: Cursor;
  limit: number;
  /** Decides how long running tasks have run, epoch ms; the same on all pages of a list sorted by `run`. */
  now: number;
}

export interface Page {
  rows: number[];
  /** Matches on all pages, exact. */
  total: number;
  byState: Record<string, number>;
  /** Null when this is the last page. */
  next: Cursor | null;
}

/** One page of the matching rows, selected in one pass without sorting the rest. */
export function scan(table: TaskTable, query: ScanQuery): Page {
  const order = orderOf(query.sort, table, query.now);
  const sign = query.descending ? -1 : 1;
  const selection = new Selection(table.ids, query.limit);
  const counts = new Uint32Array(table.words.state.end);
  const behind = query.after === undefined ? undefined : cursorTest(table, query.after, keyOf(order.placeOf(query.after.value) * sign));
  let total = 0;
  let eligible = 0;
  let worst = selection.worst;
  forEachChunk(table, query.filter, query.now, query.descending, (chunk, marks) => {
    const numbers = order.numbers(chunk);
    // Rows lie roughly in time order; beginning at the right end, few rows displace another from the page.
    const step = query.descending ? -1 : 1;
    for (let left = chunk.top, at = query.descending ? chunk.top - 1 : 0; left > 0; left--, at += step) {
      const state = chunk.state[at]!;
      if (marks[at] === 0 || state === 0) continue;
      total++;
      counts[state]!++;
      const key = keyOf(numbers[at]! * sign);
      if (behind !== undefined && !behind(key, chunk.id[at]!)) continue;
      eligible++;
      if (key > worst) continue;
      selection.offer(key, chunk.id[at]!, chunk.first + at);
      worst = selection.worst;
    }
  });
  const selected = selection.rows();
  const last = selected.at(-1);
  return {
    rows: selected.map(({ row }) => row),
    total,
    byState: byState(table, counts),
    next: last === undefined || eligible <= selected.length ? null : { value: order.valueAt(last.key * sign), id: table.idOf(last.row) },
  };
}

/** Calls `visit` for each matching row, in the order of the table. */
export function forEachMatch(table: TaskTable, filter: RowFilter, now: number, visit: (row: number) => void): void {
  forEachChunk(table, filter, now, false, (chunk, marks) => {
    const { top } = chunk;
    for (let at = 0; at < top; at++) if (marks[at] === 1 && chunk.state[at] !== 0) visit(chunk.first + at);
  });
}

function forEachChunk(
  table: TaskTable,
  filter: RowFilter,
  now: number,
  backwards: boolean,
  visit: (chunk: TaskChunk, marks: Uint8Array) => void,
): void {
  const mask = maskOf(filter, table, now);
  const marks = new Uint8Array(CHUNK_ROWS);
  for (const chunk of backwards ? table.chunks.toReversed() : table.chunks) {
    if (chunk === undefined) continue;
    mask(chunk, marks);
    visit(chunk, marks);
  }
}

interface Order {
  numbers: NumbersOf;
  /** Between the number that is compared and the value that a cursor shows. */
  placeOf(value: Cursor["value"]): number;
  valueAt(place: number): Cursor["value"];
}

function orderOf(sort: SortField, table: TaskTable, now: number): Order {
  switch (sort) {
    case "name":
    case "state":
    case "queue":
    case "worker":
      return wordOrder(sort, table);
    case "run":
      return numberOrder(numbersOf("runtime", table, now));
    case "wait":
    case "retries":
      return numberOrder(numbersOf(sort, table, now));
    default:
      return numberOrder(timesOf(sort));
  }
}

function numberOrder(numbers: NumbersOf): Order {
  return {
    numbers,
    placeOf: (value) => (typeof value === "number" ? value : NaN),
    valueAt: (place) => (Number.isFinite(place) ? place : null),
  };
}

function wordOrder(field: "name" | "state" | "queue" | "worker", table: TaskTable): Order {
  const { places, ordered } = table.words[field].ranking();
  const numbers = new Float64Array(CHUNK_ROWS);
  return {
    numbers: (chunk) => {
      const column = chunk[field];
      const { top } = chunk;
      for (let at = 0; at < top; at++) numbers[at] = places[column[at]!]!;
      return numbers;
    },
    // A word that is gone since lies between two others.
    placeOf: (value) => {
      if (typeof value !== "string") return NaN;
      const place = ordered.findIndex((word) => word >= value);
      return place < 0 ? ordered.length : ordered[place] === value ? place : place - 0.5;
    },
    valueAt: (place) => ordered[place] ?? null,
  };
}

/** What is not known comes last. */
function keyOf(signed: number): number {
  return Number.isNaN(signed) ? Infinity : signed;
}

function cursorTest(table: TaskTable, cursor: Cursor, cursorKey: number): (key: number, id: number) => boolean {
  const idKey = new IdKey();
  idKey.read(cursor.id);
  return (key, id) => key > cursorKey || (key === cursorKey && table.ids.compare(id, idKey, cursor.id) > 0);
}

function byState(table: TaskTable, counts: Uint32Array): Record<string, number> {
  const entries: [string, number][] = [];
  for (const [state, count] of counts.entries()) if (count > 0) entries.push([table.words.state.text(state) ?? "", count]);
  return Object.fromEntries(entries);
}
