import fc from "fast-check";
import { expect, test } from "vitest";
import { fold } from "../model/fold.ts";
import { stateOf } from "../model/state.ts";
import { unknownTask, type Task } from "../model/task.ts";
import { anyTaskEvent, idOf, START, taskEvent } from "../testing/task-events.ts";
import { CHUNK_ROWS } from "./task-chunk.ts";
import { TaskTable } from "./task-table.ts";
import { OTHER } from "./words.ts";

const removal = fc.nat(11).map((n) => ({ remove: idOf(n) }));

test("it holds every task exactly as the fold made it, whatever comes and goes", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof({ arbitrary: anyTaskEvent, weight: 8 }, removal), { maxLength: 60 }), (steps) => {
      const table = new TaskTable();
      const tasks = new Map<string, Task>();
      for (const step of steps) {
        if ("remove" in step) {
          if (tasks.delete(step.remove)) table.remove(table.find(step.remove));
          continue;
        }
        const row = table.find(step.task);
        const before = row < 0 ? undefined : table.read(row);
        const after = fold(before, step);
        tasks.set(step.task, after);
        if (row < 0) table.add(after);
        else table.write(row, after);
      }
      expect(table.size).toBe(tasks.size);
      for (const [id, task] of tasks) {
        expect(table.read(table.find(id))).toEqual(task);
        expect(table.stateOf(table.find(id))).toBe(stateOf(task));
      }
      for (let n = 0; n < 12; n++) if (!tasks.has(idOf(n))) expect(table.find(idOf(n))).toBe(-1);
    }),
    { numRuns: 300 },
  );
});

test("a table that was emptied holds no words, no ids and no rows", () => {
  fc.assert(
    fc.property(fc.array(anyTaskEvent, { minLength: 1, maxLength: 60 }), (events) => {
      const table = new TaskTable();
      for (const event of events) {
        const row = table.find(event.task);
        if (row < 0) table.add(fold(undefined, event));
        else table.write(row, fold(table.read(row), event));
      }
      for (const row of table.select(() => true)) table.remove(row);
      expect(table.size).toBe(0);
      expect(table.ids.size).toBe(0);
      for (const words of Object.values(table.words)) expect(words.counts()).toEqual(new Map());
      expect(table.chunks.every((chunk) => chunk === undefined)).toBe(true);
    }),
  );
});

test("a row that was freed is used again, and a chunk that is empty is given back", () => {
  const table = new TaskTable();
  const task = (n: number) => fold(undefined, taskEvent("task.sent", idOf(n), n % 100));
  for (let n = 0; n < CHUNK_ROWS + 10; n++) table.add(task(n));
  expect(table.chunks).toHaveLength(2);
  const row = table.find(idOf(7));
  table.remove(row);
  expect(table.add(task(-7))).toBe(row);
  for (let n = 0; n < CHUNK_ROWS; n++) if (table.find(idOf(n)) >= 0) table.remove(table.find(idOf(n)));
  table.remove(row);
  expect(table.chunks[0]).toBeUndefined();
  expect(table.size).toBe(10);
  expect(table.add(task(1))).toBeLessThan(CHUNK_ROWS);
});

test("a word beyond the bound is the same word for the row and for the fold", () => {
  const table = new TaskTable();
  const word = "w".repeat(10);
  for (let n = 0; n < 20_000; n++) table.words.queue.acquire(`q${n}`);
  const task = { ...fold(undefined, taskEvent("task.sent", "a", 1)), queue: word };
  const row = table.add(task);
  expect(task.queue).toBe(OTHER);
  expect(table.read(row).queue).toBe(OTHER);
  expect(table.wordsOmitted).toBe(1);
});

test("ordinals beyond 32 bits come back whole", () => {
  const table = new TaskTable();
  const [a, b] = ["a", "b"].map((id) => table.add({ ...unknownTask(id), seenAt: START }));
  table.stamp(a!, 2 ** 32 - 5);
  table.stampFirst(a!, 2 ** 32 - 5);
  table.stamp(b!, 2 ** 32 + 100);
  table.stampFirst(b!, 2 ** 32 + 100);
  expect(table.lastOrdinal(a!)).toBe(2 ** 32 - 5);
  expect(table.lastOrdinal(b!)).toBe(2 ** 32 + 100);
  expect(table.select((last) => last < 2 ** 32)).toEqual([a]);
});
