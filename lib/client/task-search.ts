import type { SortField, TaskFilter, TIME_FIELDS } from "../contract/task.ts";
import { readNumber, readScope } from "./scope.ts";
import type { SeriesOf } from "./series.ts";

/** Which tasks, in which order, as the address of the list says. */
export type TaskSearch = TaskFilter & { sort?: string };

type TimeField = (typeof TIME_FIELDS)[number];

const SORTS: Record<SortField, true> = {
  last: true,
  sent: true,
  received: true,
  started: true,
  ended: true,
  name: true,
  state: true,
  queue: true,
  worker: true,
  run: true,
  wait: true,
  retries: true,
};
const TIMES: Record<TimeField, true> = { last: true, sent: true, received: true, started: true, ended: true };

/** The order of a list where the address says none: what happened last comes first. */
export const DEFAULT_SORT = "-last";

/** Reads the address of the list. What cannot be read is left out. */
export function readTaskSearch(params: URLSearchParams): TaskSearch {
  const time = params.get("time");
  const sort = params.get("sort");
  const runMin = readNumber(params.get("runMin"));
  const runMax = readNumber(params.get("runMax"));
  return {
    ...readScope(params),
    state: words(params, "state"),
    name: words(params, "name"),
    queue: words(params, "queue"),
    worker: words(params, "worker"),
    exception: words(params, "exception"),
    ...text(params, "parent"),
    ...text(params, "root"),
    ...text(params, "group"),
    ...text(params, "q"),
    ...(time !== null && isKey(TIMES, time) && { time }),
    ...(runMin !== undefined && { runMin }),
    ...(runMax !== undefined && { runMax }),
    ...(sort !== null && isKey(SORTS, sort.replace(/^-/, "")) && { sort }),
  };
}

function words(params: URLSearchParams, name: string): string[] {
  return [...new Set(params.getAll(name).flatMap((value) => value.split(",")))].filter((word) => word !== "");
}

function text<Name extends string>(params: URLSearchParams, name: Name): { [key in Name]?: string } {
  const value = params.get(name)?.slice(0, 2_000) ?? "";
  const found: { [key in Name]?: string } = {};
  if (value.trim() !== "") found[name] = value;
  return found;
}

function isKey<Key extends string>(keys: Record<Key, true>, word: string): word is Key {
  return Object.hasOwn(keys, word);
}

/** A click on a head: by it, then the other way round, then as before. Times and numbers begin with the largest. */
export function nextSort(current: string | undefined, field: SortField): string | null {
  const first = ["name", "state", "queue", "worker"].includes(field) ? field : `-${field}`;
  const second = first.startsWith("-") ? field : `-${field}`;
  const next =
    current === undefined ? (first === DEFAULT_SORT ? second : first) : current === first ? second : current === second ? null : first;
  return next === DEFAULT_SORT ? null : next;
}

/** The filters of the address besides text and state, as `name: value` with the way to drop each. */
export function chipsOf(search: TaskSearch): { name: string; value: string; rest: string[] | null }[] {
  const lists = (["name", "queue", "worker", "exception"] as const).flatMap((name) =>
    search[name].map((value) => ({ name, value, rest: search[name].filter((other) => other !== value) })),
  );
  const singles = (["parent", "root", "group", "runMin", "runMax", "time"] as const).flatMap((name) => {
    const value = search[name];
    return value === undefined ? [] : [{ name, value: String(value), rest: null }];
  });
  return [...lists, ...singles];
}

/** The series that goes with a list: of its one name, queue or worker, as far as it has one; else of everything. */
export function seriesOf(search: TaskSearch): SeriesOf {
  for (const by of ["name", "queue", "worker"] as const) {
    const [key, other] = search[by];
    if (key !== undefined && other === undefined && !key.includes("*")) return { by, key };
  }
  return {};
}
