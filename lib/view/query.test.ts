import fc from "fast-check";
import { expect, test } from "vitest";
import { SORT_FIELDS, type SortField } from "../contract/task.ts";
import { retriesOf, type TaskEvent } from "../model/event.ts";
import { fold } from "../model/fold.ts";
import { stateOf } from "../model/state.ts";
import type { Task } from "../model/task.ts";
import { anyTaskEvent, idOf, START, taskEvent } from "../testing/task-events.ts";
import { matcherOf, type RowFilter } from "./filter.ts";
import { runMsOf, waitMsOf } from "./latency.ts";
import { scan, type Cursor, type Page, type ScanQuery } from "./query.ts";
import { TaskTable } from "./task-table.ts";

const NOW = START + 60_000;

function tableOf(events: readonly TaskEvent[]): TaskTable {
  const table = new TaskTable();
  for (const event of events) {
    const row = table.find(event.task);
    if (row < 0) table.add(fold(undefined, event));
    else table.write(row, fold(table.read(row), event));
  }
  return table;
}

function tasksOf(table: TaskTable): Task[] {
  return table.select(() => true).map((row) => table.read(row));
}

function valueOf(task: Task, field: SortField): string | number | undefined {
  switch (field) {
    case "name":
    case "queue":
    case "worker":
      return task[field];
    case "state":
      return stateOf(task);
    case "run":
      return runMsOf(task, NOW);
    case "wait":
      return waitMsOf(task);
    case "retries":
      return retriesOf(task.lastRun);
    case "last":
      return task.lastAt;
    case "sent":
      return task.sentAt;
    case "received":
      return task.receivedAt;
    case "started":
      return task.startedAt;
    case "ended":
      return task.endedAt;
  }
}

const patternOf = fc.constantFrom("a", "b", "*", "", "d", "pkg.d", "*d", "FAILURE", "S*", "*E*");
const idPattern = fc.oneof(
  fc.nat(12).map(idOf),
  fc.constantFrom("*", "", "5f6b0c3e-*", "job-*", "*1", "5f6b0c3e-5f0e-4d0e-9a0e-00000000000*", "5F*"),
);
const { filter: anyFilter } = fc.letrec<{ filter: RowFilter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: "small" },
    fc.record({
      is: fc.constant("match" as const),
      field: fc.constantFrom("state", "name", "queue", "worker", "exception"),
      pattern: patternOf,
    }),
    fc.record({ is: fc.constant("match" as const), field: fc.constantFrom("id", "parent", "root", "group"), pattern: idPattern }),
    fc.record({
      is: fc.constant("compare" as const),
      field: fc.constantFrom("retries", "priority", "runtime", "wait"),
      by: fc.constantFrom("=", ">", ">=", "<", "<="),
      value: fc.constantFrom(0, 1, 2, 5, 2_000),
    }),
    fc.record(
      {
        is: fc.constant("time" as const),
        field: fc.constantFrom("last", "sent", "received", "started", "ended"),
        from: fc.nat(10).map((second) => START + second * 1_000),
        to: fc.nat(10).map((second) => START + second * 1_000),
      },
      { requiredKeys: ["is", "field"] },
    ),
    fc.record({ is: fc.constantFrom("all" as const, "any" as const), of: fc.array(tie("filter"), { maxLength: 4 }) }),
    fc.record({ is: fc.constant("not" as const), of: tie("filter") }),
  ),
}));

/** What a filter means, for one task at a time. */
function passes(filter: RowFilter, task: Task): boolean {
  switch (filter.is) {
    case "all":
      return filter.of.every((part) => passes(part, task));
    case "any":
      return filter.of.some((part) => passes(part, task));
    case "not":
      return !passes(filter.of, task);
    case "match": {
      const matches = matcherOf(filter.pattern);
      const text = {
        ...task,
        state: stateOf(task),
        exception: task.exceptionType,
        parent: task.parentId,
        root: task.rootId,
        group: task.groupId,
      }[filter.field];
      return matches(text ?? "") || (filter.field === "exception" && matches((text ?? "").split(".").at(-1) ?? ""));
    }
    case "compare": {
      const value = {
        retries: retriesOf(task.lastRun),
        priority: task.priority,
        runtime: runMsOf(task, NOW),
        wait: waitMsOf(task),
      }[filter.field];
      if (value === undefined) return false;
      return {
        "=": value === filter.value,
        ">": value > filter.value,
        ">=": value >= filter.value,
        "<": value < filter.value,
        "<=": value <= filter.value,
      }[filter.by];
    }
    case "time": {
      const value = valueOf(task, filter.field);
      return typeof value === "number" && value >= (filter.from ?? -Infinity) && value < (filter.to ?? Infinity);
    }
  }
}

const anyQuery = fc.record({
  filter: anyFilter,
  sort: fc.constantFrom(...SORT_FIELDS),
  descending: fc.boolean(),
  limit: fc.integer({ min: 1, max: 5 }),
});

function allPages(table: TaskTable, query: Omit<ScanQuery, "now" | "after">): Page[] {
  const pages: Page[] = [];
  for (let after: Cursor | null | undefined; after !== null; after = pages.at(-1)?.next ?? null)
    pages.push(scan(table, { ...query, now: NOW, ...(after === undefined ? {} : { after }) }));
  return pages;
}

test("all pages together are the matching tasks, once each and in order", () => {
  fc.assert(
    fc.property(fc.array(anyTaskEvent, { maxLength: 40 }), anyQuery, (events, query) => {
      const table = tableOf(events);
      const expected = tasksOf(table).filter((task) => passes(query.filter, task));
      const pages = allPages(table, query);
      const found = pages.flatMap((page) => page.rows).map((row) => table.read(row));
      expect(found.map(({ id }) => id).toSorted()).toEqual(expected.map(({ id }) => id).toSorted());
      for (const page of pages) {
        expect(page.total).toBe(expected.length);
        expect(page.rows.length).toBeLessThanOrEqual(query.limit);
        expect(page.byState).toEqual(
          Object.fromEntries(
            Map.groupBy(expected, stateOf)
              .entries()
              .map(([state, tasks]) => [state, tasks.length]),
          ),
        );
      }
      const values = found.map((task) => valueOf(task, query.sort));
      for (const [at, value] of values.entries()) {
        const before = values[at - 1];
        if (at === 0 || value === undefined) continue;
        expect(before).toBeDefined();
        if (query.descending) expect(before! >= value).toBe(true);
        else expect(before! <= value).toBe(true);
      }
    }),
    { numRuns: 200 },
  );
});

test("a page goes on where the last one ended when its last task is gone meanwhile", () => {
  fc.assert(
    fc.property(fc.array(anyTaskEvent, { minLength: 20, maxLength: 40 }), anyQuery, (events, query) => {
      const table = tableOf(events);
      const first = scan(table, { ...query, now: NOW });
      if (first.next === null) return;
      const second = scan(table, { ...query, now: NOW, after: first.next }).rows.map((row) => table.idOf(row));
      for (const row of first.rows) table.remove(row);
      expect(scan(table, { ...query, now: NOW, after: first.next }).rows.map((row) => table.idOf(row))).toEqual(second);
    }),
  );
});

test("the newest page of a large table", () => {
  const table = tableOf(Array.from({ length: 70_000 }, (_, n) => taskEvent("task.sent", idOf(n), n)));
  const page = scan(table, { filter: { is: "all", of: [] }, sort: "last", descending: true, limit: 3, now: NOW });
  expect(page.rows.map((row) => table.idOf(row))).toEqual([69_999, 69_998, 69_997].map(idOf));
  expect(page.total).toBe(70_000);
});

test("a page of nothing counts all the same", () => {
  const table = tableOf([taskEvent("task.sent", "a", 1)]);
  const page = scan(table, { filter: { is: "all", of: [] }, sort: "last", descending: true, limit: 0, now: NOW });
  expect(page).toEqual({ rows: [], total: 1, byState: { PENDING: 1 }, next: null });
});
