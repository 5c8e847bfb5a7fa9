import { describe, expect, test } from "vitest";

import { decodeEvents } from "./event.ts";
import { readException, readTraceback } from "./exception.ts";
import { RELEASES, type Release, findIn, recorded } from "./fixtures/recorded.ts";

function failure(release: Release, kind: string) {
  const all = findIn(recorded(release, kind)).messages.flatMap(({ raw }) => {
    const batch = decodeEvents(raw);
    return batch.ok ? batch.value.events : [];
  });
  const found = all.find((event) => event.type === "task-failed" || event.type === "task-retried");
  if (found?.type !== "task-failed" && found?.type !== "task-retried") throw new Error(`no failure in ${kind}`);
  const { type, message } = readException(found.exception, found.traceback);
  return { type, message };
}

describe.each(RELEASES)("an exception of Celery %s", (release) => {
  test("has type and message", () => {
    expect(failure(release, "event-task-failed")).toEqual({ type: "ValueError", message: "('boom', 7)" });
    expect(failure(release, "event-task-failed-unregistered")).toEqual({ type: "NotRegistered", message: "tasks.not_there" });
  });

  test("is the cause of a retry, not the retry", () => {
    expect(failure(release, "event-task-retried")).toEqual({ type: "KeyError", message: "not yet" });
  });

  test("is told by the traceback where the event's text is useless", () => {
    expect(failure(release, "event-task-failed-hard-time-limit")).toEqual({
      type: "billiard.exceptions.TimeLimitExceeded",
      message: "TimeLimitExceeded(1,)",
    });
    const lost = failure(release, "event-task-failed-worker-lost");
    expect(lost.type).toBe("billiard.exceptions.WorkerLostError");
    expect(lost.message).toMatch(/^Worker exited prematurely: signal 9 \(SIGKILL\) Job: \d+\.$/);
  });
});

test("a rejection of 5.7 that comes as failure is named", () => {
  expect(failure("5.7.0", "event-task-rejected").type).toBe("celery.exceptions.Reject");
});

describe("the repr of an exception", () => {
  test.each<[string, string | null, string]>([
    ["ValueError('boom')", "ValueError", "boom"],
    ["ValueError()", "ValueError", ""],
    ["ValueError('a, b', 7)", "ValueError", "'a, b', 7"],
    [`KeyError("it's")`, "KeyError", "it's"],
    ["ValueError('tab\\there \\xe9 \\u20ac \\'x\\'')", "ValueError", "tab\there é € 'x'"],
    ["ValueError(7)", "ValueError", "7"],
    ["Retry(Retry(...), ConnectionError('x'), 0.4)", "ConnectionError", "x"],
    [`Retry(Retry(...), "KeyError('k')", 0.4)`, "KeyError", "k"],
    ["Retry('Retry in 1s', OSError(2, 'No such file'), 1)", "OSError", "2, 'No such file'"],
    ["Retry(Retry(...), None, None)", "celery.exceptions.Retry", ""],
    ["Retry('later')", "celery.exceptions.Retry", "later"],
    ["<MyError: out of paper>", "MyError", "out of paper"],
    ["<MyError object at 0x7f>", "MyError", "object at 0x7f"],
    ["reject requeue=False: no thanks", "celery.exceptions.Reject", "reject requeue=False: no thanks"],
    ["something else entirely", null, "something else entirely"],
    ["", null, ""],
  ])("%s", (repr, type, message) => {
    expect(readException(repr, null)).toEqual({ type, message, chain: [] });
  });

  test("gets its module and its plain message from a traceback that names the same class", () => {
    const traceback =
      'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    g()\nrequests.exceptions.ConnectionError: no route\n';
    expect(readException("ConnectionError('no route', None)", traceback)).toMatchObject({
      type: "requests.exceptions.ConnectionError",
      message: "no route",
    });
  });

  test("stands when the traceback tells of another", () => {
    const traceback = "Traceback (most recent call last):\ncelery.exceptions.Retry: Retry in 1s: KeyError('k')\n";
    expect(readException("KeyError('k')", traceback)).toMatchObject({ type: "KeyError", message: "k" });
  });

  test("is not needed at all", () => {
    expect(readException(null, "Traceback (most recent call last):\nValueError: x\n")).toMatchObject({ type: "ValueError", message: "x" });
    expect(readException(null, null)).toEqual({ type: null, message: "", chain: [] });
    expect(readException("ExceptionWithTraceback()", null)).toEqual({ type: null, message: "", chain: [] });
  });
});

describe("a traceback", () => {
  test("of a message over several lines", () => {
    const text =
      'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    g()\n    ^^^\npydantic.ValidationError: 1 validation error\nname\n  Field required\n';
    expect(readTraceback(text)).toEqual([{ type: "pydantic.ValidationError", message: "1 validation error\nname\n  Field required" }]);
  });

  test("of a chain: causes first", () => {
    const first = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\nKeyError: 'a'\n";
    const second = 'Traceback (most recent call last):\n  File "a.py", line 2, in f\n    h()\nValueError: no a\n';
    const third = "Traceback (most recent call last):\nRuntimeError\n";
    const text = `${first}\nDuring handling of the above exception, another exception occurred:\n\n${second}\nThe above exception was the direct cause of the following exception:\n\n${third}`;
    expect(readTraceback(text)).toEqual([
      { type: "KeyError", message: "'a'" },
      { type: "ValueError", message: "no a" },
      { type: "RuntimeError", message: "" },
    ]);
  });

  test.each(RELEASES)("of a failed chord in %s", (release) => {
    const { body_meta } = recorded<{ body_meta: { traceback: string } }>(release, "chord-failure");
    const chain = readTraceback(body_meta.traceback);
    expect(chain.at(-1)).toMatchObject({
      type: "celery.exceptions.ChordError",
      message: expect.stringMatching(/^Dependency \S+ raised ValueError/),
    });
    expect(chain[0]?.type).toMatch(/ValueError$/);
  });

  test("that another process sent along counts once", () => {
    const inner = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    g()\nValueError: bad\n';
    const remote = `billiard.einfo.RemoteTraceback: \n"""\n${inner}"""\n`;
    const cause = "\nThe above exception was the direct cause of the following exception:\n\n";
    expect(readTraceback(remote + cause + inner)).toEqual([{ type: "ValueError", message: "bad" }]);
    const chained = `billiard.einfo.RemoteTraceback: \n"""\n${inner}${cause}${inner.replace("bad", "worse")}"""\n`;
    expect(readTraceback(chained + cause + inner.replace("bad", "worse")).map(({ message }) => message)).toEqual(["bad", "worse"]);
  });

  test("of an exception group", () => {
    const text =
      '  + Exception Group Traceback (most recent call last):\n  |   File "x.py", line 1, in <module>\n  |     raise eg\n' +
      "  | ExceptionGroup: two (2 sub-exceptions)\n  +-+---------------- 1 ----------------\n    | ValueError: 1\n" +
      "    +---------------- 2 ----------------\n    | KeyError: 2\n    +------------------------------------\n";
    expect(readTraceback(text)).toEqual([{ type: "ExceptionGroup", message: "two (2 sub-exceptions)" }]);
  });

  test("of a class inside a function", () => {
    const text = "Traceback (most recent call last):\napp.make.<locals>.Odd: x\n";
    expect(readTraceback(text)).toEqual([{ type: "app.make.<locals>.Odd", message: "x" }]);
  });

  test("that is cut tells nothing wrong", () => {
    expect(readTraceback('Traceback (most recent call last):\n  File "a.py", line 1, in f\n    g(')).toEqual([]);
    expect(readTraceback("just words")).toEqual([]);
  });

  test("of any length is read at once", () => {
    for (const part of ["a", 'RemoteTraceback:\n"""', "(", "'", "\n", '\n"""', "Traceback (most recent call last):\n", "x: ", "\\"]) {
      const text = part.repeat(300_000 / part.length);
      readTraceback(text);
      readException(`E(${text})`, text);
    }
  });
});
