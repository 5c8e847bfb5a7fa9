import { expect, test } from "vitest";
import { PythonError, Reject, Retry, SoftTimeLimitExceeded } from "../errors.ts";
import { raisedException } from "./raised.ts";

class OrderError extends Error {}

test.each<[unknown, { type: string; module: string; args: unknown[]; repr: string }]>([
  [new Error("no"), { type: "Error", module: "javascript", args: ["no"], repr: "Error('no')" }],
  [new OrderError("it's"), { type: "OrderError", module: "javascript", args: ["it's"], repr: `OrderError("it's")` }],
  [new TypeError("no"), { type: "TypeError", module: "builtins", args: ["no"], repr: "TypeError('no')" }],
  [new PythonError("ValueError", ["no", 7]), { type: "ValueError", module: "builtins", args: ["no", 7], repr: "ValueError('no', 7)" }],
  [new PythonError("Outer.Inner", [], "shop"), { type: "Outer.Inner", module: "shop", args: [], repr: "Inner()" }],
  [new Reject("no"), { type: "Reject", module: "celery.exceptions", args: ["no", false], repr: "reject requeue=False: no" }],
  ["thrown", { type: "Error", module: "javascript", args: ["thrown"], repr: "Error('thrown')" }],
])("%o is seen in Python as %o", (thrown, seen) => {
  expect(raisedException(thrown)).toMatchObject(seen);
});

test("a retry's traceback shows what it was for, a soft limit's the class", () => {
  const retry = raisedException(new Retry({ etaAt: null }, "Retry in 0s: ValueError('no')", new PythonError("ValueError", ["no"])));
  const lines = (retry.traceback ?? "").split("\n").filter((line) => line !== "" && !line.startsWith(" "));
  expect(lines).toEqual([
    "Traceback (most recent call last):",
    "ValueError: no",
    "During handling of the above exception, another exception occurred:",
    "Traceback (most recent call last):",
    "celery.exceptions.Retry: Retry in 0s: ValueError('no')",
  ]);
  expect(raisedException(new SoftTimeLimitExceeded()).traceback).toMatch(/SoftTimeLimitExceeded: SoftTimeLimitExceeded\(\)\n$/);
});

test("a traceback ends in the innermost call and the error, after its cause's", () => {
  function fails(): never {
    throw new OrderError("no price", { cause: new PythonError("KeyError", ["tulip"]) });
  }
  try {
    fails();
  } catch (error) {
    const lines = (raisedException(error).traceback ?? "").trimEnd().split("\n");
    expect(lines[0]).toBe("Traceback (most recent call last):");
    expect(lines).toContain("KeyError: 'tulip'");
    expect(lines).toContain("The above exception was the direct cause of the following exception:");
    expect(lines.at(-1)).toBe("javascript.OrderError: no price");
    expect(lines.at(-2)).toMatch(/^ {2}File ".*raised\.test\.ts", line \d+, in fails$/);
  }
});
