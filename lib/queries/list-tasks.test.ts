import { beforeEach, describe, expect, test } from "vitest";
import { TaskListQuery } from "../contract/task.ts";
import { AppError, errorCode } from "../errors.ts";
import { LOCAL_OPERATOR } from "../model/viewer.ts";
import { type TestMonitor, taskEvent, testMonitor } from "../testing/monitor.ts";
import { listTasks } from "./list-tasks.ts";

const AT = Date.now() - 60_000;
let prod: TestMonitor;

/** Ten tasks, one a second: `t0` … `t9`, the even ones succeed, the odd ones fail, the last is still running. */
beforeEach(async () => {
  prod = testMonitor();
  for (let index = 0; index < 10; index++) {
    const [id, at] = [`t${index}`, AT + index * 1_000];
    const payload = { args: `(${index}, 'Ada')`, kwargs: `{'customer': ${index}}`, argsForm: "repr" as const };
    await prod.tell(taskEvent("task.received", id, at, { name: index < 5 ? "mail.send" : "mail.read", worker: "w1@a", payload }));
    await prod.tell(taskEvent("task.started", id, at + 10, { worker: "w1@a" }));
    if (index === 9) continue;
    const end = { worker: "w1@a", runtimeMs: index * 100 };
    if (index % 2 === 0) await prod.tell(taskEvent("task.succeeded", id, at + 500, { ...end, payload: { result: `'done ${index}'` } }));
    else
      await prod.tell(
        taskEvent("task.failed", id, at + 500, { ...end, exceptionType: "KeyError", payload: { exception: "KeyError: 'x'\nmore" } }),
      );
  }
});

function ask(query: Record<string, unknown> = {}) {
  return listTasks(prod.monitor, LOCAL_OPERATOR, TaskListQuery.parse(query));
}

async function ids(query: Record<string, unknown>): Promise<string[]> {
  return (await ask(query)).tasks.map(({ id }) => id);
}

describe("a list of tasks", () => {
  test("begins with what happened last, and counts everything", async () => {
    const list = await ask({ limit: 3 });
    expect(list.tasks.map(({ id }) => id)).toEqual(["t9", "t8", "t7"]);
    expect(list).toMatchObject({ total: { value: 10, exact: true }, byState: { SUCCESS: 5, FAILURE: 4, STARTED: 1 }, understood: null });
  });

  test("says of each task the one thing that matters", async () => {
    const { tasks } = await ask({ limit: 3 });
    expect(tasks.map(({ what }) => what)).toEqual([null, "'done 8'", "KeyError: 'x'"]);
  });

  test("stands without that when the store does not answer", async () => {
    prod.watched.log.read = async () => Promise.reject(new AppError("unavailable", "Redis is away"));
    const { tasks } = await ask({ limit: 3 });
    expect(tasks.map(({ id, what }) => [id, what])).toEqual([
      ["t9", null],
      ["t8", null],
      ["t7", null],
    ]);
  });

  test("goes on where the page before ended", async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await ask({ limit: 4, sort: "name", ...(cursor === null ? {} : { cursor }) });
      seen.push(...page.tasks.map(({ id }) => id));
      cursor = page.next;
    } while (cursor !== null);
    expect(seen.toSorted()).toEqual(Array.from({ length: 10 }, (_, index) => `t${index}`));
  });

  test.each<[Record<string, unknown>, string[]]>([
    [{ state: "FAILURE" }, ["t7", "t5", "t3", "t1"]],
    [{ state: "FAILURE", name: "mail.s*" }, ["t3", "t1"]],
    [{ exception: "KeyError", runMin: 500 }, ["t7", "t5"]],
    [{ q: "state:failure -name:mail.send" }, ["t7", "t5"]],
    [{ q: "runtime:>=0.6 state:SUCCESS" }, ["t8", "t6"]],
    [{ sort: "run", state: "SUCCESS" }, ["t0", "t2", "t4", "t6", "t8"]],
    [{ window: "5m", sort: "last", limit: 2 }, ["t0", "t1"]],
    [{ to: AT + 1_600 }, ["t1", "t0"]],
  ])("%o", async (query, expected) => {
    expect(await ids(query)).toEqual(expected);
  });

  test("of a broken filter text is bad input, and says where", async () => {
    await expect(ask({ q: "state:FAILURE (" })).rejects.toThrow("broken at character 16");
  });

  test("of a broker that the viewer may not see is of a broker that does not exist", async () => {
    const stranger = { ...LOCAL_OPERATOR, brokers: ["other"] };
    const failing = listTasks(prod.monitor, stranger, TaskListQuery.parse({ broker: "prod" }));
    expect(errorCode(await failing.catch((error: unknown) => error))).toBe("not-found");
  });
});

describe("a search of payloads", () => {
  test.each([
    ["args:'Ada'", ["t9", "t8", "t7", "t6", "t5", "t4", "t3", "t2", "t1", "t0"]],
    ['result:"done 4"', ["t4"]],
    ["'x'", ["t7", "t5", "t3", "t1"]],
    ["state:SUCCESS 8", ["t8"]],
    ["-result:done state:SUCCESS", []],
    ["args:3, OR result:6", ["t6", "t3"]],
  ])("%s", async (q, expected) => {
    const list = await ask({ q });
    expect(list.tasks.map(({ id }) => id)).toEqual(expected);
    expect(list.total).toEqual({ value: expected.length, exact: true });
  });

  test("is given out page by page, its total a lower bound until the end", async () => {
    const first = await ask({ q: "Ada", limit: 6 });
    expect(first).toMatchObject({ total: { value: 6, exact: false }, understood: "Ada" });
    const second = await ask({ q: "Ada", limit: 6, cursor: first.next ?? "" });
    expect(second.tasks.map(({ id }) => id)).toEqual(["t3", "t2", "t1", "t0"]);
    expect(second).toMatchObject({ total: { value: 10, exact: true }, next: null, byState: { SUCCESS: 5, FAILURE: 4, STARTED: 1 } });
  });
});
