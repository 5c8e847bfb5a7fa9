import { expect, it } from "vitest";
import type { TaskList, TaskRow } from "../../lib/contract/task.ts";
import { NOW, runningTask, succeededTask } from "../../lib/testing/factories/task.ts";
import { freshWords, mergeRows } from "./task-rows.model.ts";

const page = (tasks: TaskRow[], next: string | null = null): TaskList => ({
  tasks,
  total: { value: tasks.length, exact: true },
  byState: {},
  next,
  understood: null,
});
const running = (id: string) => runningTask({ id });
const done = (id: string) => succeededTask({ id });
const look = ({ rows }: ReturnType<typeof mergeRows>) => rows.map(({ id, state }) => `${id} ${state}`);

it("keeps the order in which rows were listed, and shows each as it is now", () => {
  const merged = mergeRows([page([running("a"), running("b")], "c1"), page([running("c")])], page([done("c"), done("a"), running("b")]));
  expect(look(merged)).toEqual(["a SUCCESS", "b STARTED", "c SUCCESS"]);
  expect(merged.fresh).toBe(0);
});

it("counts what is new instead of inserting it", () => {
  const merged = mergeRows([page([running("a")])], page([running("x"), running("y"), running("a")]));
  expect(look(merged)).toEqual(["a STARTED"]);
  expect(freshWords(merged)).toBe("+2 new");
});

it("says that there may be more when the whole first page is new", () => {
  expect(freshWords(mergeRows([page([running("a")])], page([running("x"), running("y")], "next")))).toBe("+2 or more new");
});

it("draws a task once that moved between two pages, and never goes back in time", () => {
  const older = { ...running("a"), lastAt: NOW - 60_000 };
  expect(look(mergeRows([page([done("a")]), page([done("a"), running("b")])], page([older])))).toEqual(["a SUCCESS", "b STARTED"]);
});
