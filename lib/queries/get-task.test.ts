import { beforeEach, describe, expect, test } from "vitest";
import { errorCode } from "../errors.ts";
import { runOf } from "../model/event.ts";
import { LOCAL_OPERATOR } from "../model/viewer.ts";
import { type TestMonitor, taskEvent, testMonitor } from "../testing/monitor.ts";
import { getTask } from "./get-task.ts";

const AT = Date.now() - 60_000;
let prod: TestMonitor;

beforeEach(() => {
  prod = testMonitor();
});

function ask(id: string) {
  return getTask(prod.monitor, LOCAL_OPERATOR, { id });
}

/** `a/b` is sent, fails, is retried and fails for good; `c` was sent by it; `d` fails alike. */
async function tellOfFailure(): Promise<void> {
  const args = { args: "(1, 'Ada')", kwargs: "{}", argsForm: "repr" as const };
  const failure = { exceptionType: "KeyError", payload: { exception: "KeyError: 'x'\nsecond line", traceback: "Traceback …" } };
  await prod.tell(
    taskEvent("task.sent", "a/b", AT, { name: "mail.send", queue: "mail", actor: "gen7@web", rootId: "a/b", run: 0, payload: args }),
    taskEvent("task.received", "a/b", AT + 300, { worker: "w1@a", run: 0 }),
    taskEvent("task.started", "a/b", AT + 400, { worker: "w1@a", run: 0 }),
    taskEvent("task.retried", "a/b", AT + 900, { worker: "w1@a", run: 0, ...failure }),
    taskEvent("task.received", "a/b", AT + 1_000, { worker: "w2@a", run: runOf(1, 0), retries: 1 }),
    taskEvent("task.started", "a/b", AT + 5_000, { worker: "w2@a", run: runOf(1, 0) }),
    taskEvent("task.failed", "a/b", AT + 7_000, { worker: "w2@a", run: runOf(1, 0), runtimeMs: 2_000, ...failure }),
    taskEvent("task.received", "c", AT + 500, { name: "mail.log", parentId: "a/b", rootId: "a/b" }),
    taskEvent("task.failed", "d", AT + 8_000, { name: "mail.send", exceptionType: "KeyError" }),
  );
}

describe("a task", () => {
  test("is told as one sentence, its attempts, and who said what when", async () => {
    await tellOfFailure();
    const task = await ask("a/b");
    expect(task.story).toBe("Failed after 2.0 s on w2@a (attempt 2): KeyError: 'x'. 1 other failed alike.");
    expect(task.attempts.map(({ state, worker }) => [state, worker])).toEqual([
      ["RETRY", "w1@a"],
      ["FAILURE", "w2@a"],
    ]);
    expect(task.timeline.map(({ text }) => text)).toEqual([
      "It was sent to mail by gen7@web.",
      "w1@a took it.",
      "w1@a began to run it.",
      "It failed with KeyError on w1@a and will run again.",
      "w2@a took it (attempt 2).",
      "w2@a began to run it (attempt 2).",
      "It failed with KeyError on w2@a after 2.0 s.",
    ]);
    expect(task.timeline[0]).toMatchObject({ address: expect.stringMatching(/^[\w-]+:1$/), source: "event", inferred: false });
    expect(task.exception).toEqual({ type: "KeyError", text: "KeyError: 'x'\nsecond line" });
    expect(task.traceback).toBe("Traceback …");
  });

  test("knows its family", async () => {
    await tellOfFailure();
    expect((await ask("a/b")).children).toEqual([{ id: "c", name: "mail.log", state: "RECEIVED" }]);
    const child = await ask("c");
    expect(child.parent).toEqual({ id: "a/b", name: "mail.send", state: "FAILURE" });
    expect(child.root?.id).toBe("a/b");
    expect((await ask("a/b")).root).toBeNull();
  });

  test("shows the arguments that are told best, and by whom", async () => {
    await prod.tell(
      taskEvent("task.received", "t", AT, { payload: { args: "(1, ...)", kwargs: "{}", argsForm: "repr" } }),
      taskEvent("task.succeeded", "t", AT + 10, {
        source: "result",
        payload: { args: "[1,2]", kwargs: '{"$":"dict","items":[]}', argsForm: "value", result: "3", resultForm: "value" },
      }),
    );
    const task = await ask("t");
    expect(task.args).toMatchObject({ text: "[1,2]", form: "value", source: "result", cut: false });
    expect(task.result).toMatchObject({ text: "3", form: "value", source: "result" });
  });

  test("says how much of a value is missing", async () => {
    const payload = { result: "'xxx", resultForm: "repr" as const, cut: { result: { length: 9_000, hash: "0" } } };
    await prod.tell(taskEvent("task.succeeded", "t", AT, { payload }));
    expect((await ask("t")).result).toMatchObject({ cut: true, length: 9_000 });
  });

  test("that was run again names what repeats it, and the other way round", async () => {
    await prod.tell(
      taskEvent("task.failed", "old", AT, { name: "n" }),
      taskEvent("task.sent", "new", AT + 10, { source: "operator", name: "n", rerunId: "old" }),
      taskEvent("task.acted", "old", AT + 20, { source: "operator", action: "rerun", rerunId: "new", actor: "ada" }),
    );
    expect((await ask("old")).rerunAs).toEqual([{ id: "new", name: "n", state: "PENDING" }]);
    expect((await ask("new")).rerunOf).toEqual({ id: "old", name: "n", state: "FAILURE" });
    expect((await ask("old")).timeline.at(-1)?.text).toBe("ada sent it again as new.");
  });

  test("says what can be done to it, and why not where not", async () => {
    await prod.tell(taskEvent("task.started", "t", AT, { name: "n" }));
    expect((await ask("t")).abilities).toEqual({
      revoke: { possible: false, reason: "It runs already; only terminating ends it." },
      terminate: { possible: true, reason: null },
      rerun: { possible: false, reason: "It is not over; it would run twice." },
    });
  });

  test("that nobody told of is not found", async () => {
    expect(errorCode(await ask("nowhere").catch((error: unknown) => error))).toBe("not-found");
  });
});
