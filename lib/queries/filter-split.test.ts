import { describe, expect, test } from "vitest";
import { type Task, unknownTask, Step } from "../model/task.ts";
import type { RowFilter } from "../view/filter.ts";
import { splitFilter } from "./filter-split.ts";
import { parseFilter } from "./filter-text.ts";
import type { PayloadTexts } from "./payload-texts.ts";
import { taskRow } from "./task-row.ts";

function split(text: string) {
  const parsed = parseFilter(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return splitFilter(parsed.filter);
}

/** A filter of rows in few characters. */
function show(filter: RowFilter): string {
  switch (filter.is) {
    case "all":
      return filter.of.length === 0 ? "yes" : `(${filter.of.map(show).join(" & ")})`;
    case "any":
      return filter.of.length === 0 ? "no" : `(${filter.of.map(show).join(" | ")})`;
    case "not":
      return `!${show(filter.of)}`;
    case "match":
      return `${filter.field}=${filter.pattern}`;
    case "compare":
      return `${filter.field}${filter.by}${filter.value}`;
    case "time":
      return filter.field;
  }
}

describe("rows decide as much as they can", () => {
  test.each([
    // filter, what rows are asked, whether payloads are read
    ["", "yes", false],
    ["state:failure", "state=FAILURE", false],
    ["state:crunching", "state=crunching", false],
    ["state:fail*", "state=FAIL*", false],
    ["state:FAILURE runtime:>1s", "(state=FAILURE & runtime>1000)", false],
    ["state:FAILURE args:x", "(state=FAILURE & yes)", true],
    ["name:a OR args:x", "(name=a | yes)", true],
    ["-args:x", "!no", true],
    ["-(name:a args:x)", "!(name=a & no)", true],
    ["word", "yes", true],
  ])("%s", (text, rows, payload) => {
    const filter = split(text);
    expect(show(filter.rows)).toBe(rows);
    expect(filter.payload !== null).toBe(payload);
  });
});

describe("payloads decide the rest", () => {
  const task: Task = {
    ...unknownTask("74ff28fb"),
    name: "send_invoice",
    queue: "billing",
    worker: "w1@a",
    step: Step.FAILED,
    exceptionType: "ConnectionError",
    parentId: "p1",
  };
  const texts: PayloadTexts = {
    args: ["(9120114, 'Ada')"],
    kwargs: ["{'customer': 42, 'note': 'two words', 'flag': True}"],
    result: [],
    exception: ["ConnectionError: db-2 refused"],
    traceback: ["File send.py, line 88"],
  };
  const candidate = { task, row: taskRow(task, 0), texts };

  test.each([
    ["args:9120114", true],
    ["args:ADA", true],
    ["args:Bob", false],
    ["result:1", false],
    ["-result:1", true],
    ["traceback:send.py", true],
    ["refused", true],
    ['"db-2 refused"', true],
    ["billing", true],
    ["74ff", true],
    ["nowhere", false],
    ["args:Bob OR (state:FAILURE parent:p1 exception:Conn*)", true],
    ["args:Bob OR state:SUCCESS", false],
    ["args:Bob OR retries:0", true],
    ["args:Ada AND (retries:>0 OR result:1)", false],
  ])("%s: %s", (text, expected) => {
    expect(split(text).payload?.(candidate)).toBe(expected);
  });
});
