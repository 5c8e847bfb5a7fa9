import type { TaskRow } from "../contract/task.ts";
import { STATES, type Task } from "../model/task.ts";
import { type RowFilter, matcherOf } from "../view/filter.ts";
import type { Filter, NumberField, Term } from "./filter-text.ts";
import { type PayloadTexts, hasKeyword } from "./payload-texts.ts";

/** A task as a search sees it. */
export interface Candidate {
  task: Task;
  row: TaskRow;
  texts: PayloadTexts;
}

/** How a filter is answered: from rows first, and, where that does not decide, from the payloads of what rows let through. */
export interface SplitFilter {
  /** Every match passes it. Without `payload`, everything that passes it is a match. */
  rows: RowFilter;
  payload: ((candidate: Candidate) => boolean) | null;
}

const EVERYTHING: RowFilter = { is: "all", of: [] };
const NOTHING: RowFilter = { is: "any", of: [] };

export function splitFilter(filter: Filter | null): SplitFilter {
  if (filter === null) return { rows: EVERYTHING, payload: null };
  const parts = filter.is === "all" ? filter.of : [filter];
  const open = parts.filter(needsPayload);
  const tests = open.map(testOf);
  return {
    rows: relaxed(filter, EVERYTHING),
    payload: tests.length === 0 ? null : (candidate) => tests.every((test) => test(candidate)),
  };
}

function needsPayload(filter: Filter): boolean {
  switch (filter.is) {
    case "all":
    case "any":
      return filter.of.some(needsPayload);
    case "not":
      return needsPayload(filter.of);
    case "match":
    case "compare":
      return false;
    case "holds":
    case "kwarg":
    case "words":
      return true;
  }
}

/** The filter for rows alone; what rows cannot tell is `unknown`, which turns around under NOT so that no match is lost. */
function relaxed(filter: Filter, unknown: RowFilter): RowFilter {
  switch (filter.is) {
    case "all":
    case "any":
      return { is: filter.is, of: filter.of.map((part) => relaxed(part, unknown)) };
    case "not":
      return { is: "not", of: relaxed(filter.of, unknown === EVERYTHING ? NOTHING : EVERYTHING) };
    case "match":
      return { ...filter, pattern: patternOf(filter) };
    case "compare":
      return filter;
    default:
      return unknown;
  }
}

/** Known states may be typed in any case; custom ones are the application's own words. */
function patternOf({ field, pattern }: Extract<Term, { is: "match" }>): string {
  const upper = pattern.toUpperCase();
  return field === "state" && STATES.some((state) => matcherOf(upper)(state)) ? upper : pattern;
}

type Test = (candidate: Candidate) => boolean;

function testOf(filter: Filter): Test {
  switch (filter.is) {
    case "all": {
      const tests = filter.of.map(testOf);
      return (candidate) => tests.every((test) => test(candidate));
    }
    case "any": {
      const tests = filter.of.map(testOf);
      return (candidate) => tests.some((test) => test(candidate));
    }
    case "not": {
      const test = testOf(filter.of);
      return (candidate) => !test(candidate);
    }
    case "match": {
      const matches = matcherOf(patternOf(filter));
      return (candidate) => valuesOf(candidate, filter.field).some(matches);
    }
    case "compare":
      return ({ row }) => compares(numberOf(row, filter.field), filter.by, filter.value);
    case "holds": {
      const holds = holder(filter.text);
      return ({ texts }) => texts[filter.field].some(holds);
    }
    case "kwarg":
      return ({ texts }) => hasKeyword(texts.kwargs, filter.name, filter.value);
    case "words": {
      const holds = holder(filter.text);
      return (candidate) => everywhere(candidate).some(holds);
    }
  }
}

function holder(text: string): (whole: string) => boolean {
  const wanted = text.toLowerCase();
  return (whole) => whole.toLowerCase().includes(wanted);
}

function everywhere({ row, texts }: Candidate): string[] {
  const { id, name, state, queue, worker, exceptionType } = row;
  const { args, kwargs, result, exception, traceback } = texts;
  return [id, name ?? "", state, queue ?? "", worker ?? "", exceptionType ?? "", ...args, ...kwargs, ...result, ...exception, ...traceback];
}

function valuesOf({ task, row }: Candidate, field: Extract<Term, { is: "match" }>["field"]): string[] {
  switch (field) {
    case "parent":
      return [task.parentId ?? ""];
    case "root":
      return [task.rootId ?? ""];
    case "group":
      return [task.groupId ?? ""];
    case "exception": {
      const type = row.exceptionType ?? "";
      return [type, type.slice(type.lastIndexOf(".") + 1)];
    }
    default:
      return [row[field] ?? ""];
  }
}

function numberOf(row: TaskRow, field: NumberField): number | null {
  switch (field) {
    case "runtime":
      return row.runMs;
    case "wait":
      return row.waitMs;
    default:
      return row[field];
  }
}

function compares(number: number | null, by: Extract<Term, { is: "compare" }>["by"], value: number): boolean {
  if (number === null) return false;
  switch (by) {
    case "=":
      return number === value;
    case ">":
      return number > value;
    case ">=":
      return number >= value;
    case "<":
      return number < value;
    case "<=":
      return number <= value;
  }
}
