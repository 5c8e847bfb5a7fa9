import { describe, expect, test } from "vitest";
import celery57 from "./fixtures/saferepr-5.7.0.json" with { type: "json" };
import { saferepr } from "./saferepr.ts";
import { type Value, dict } from "./value.ts";

/** The budgets that `generate.py` draws from; the recording does not say which one was used. */
const BUDGETS = [1024, 100, 60, 30, 15, 5];

/** The fixture's type is inferred too narrowly to be a `Value`; its content is one. */
function readCase(value: unknown): Value {
  return value as Value;
}

test("Celery 5.7 writes the same text for the same value", () => {
  // What is lost on the way into a recorded value: the classes of its own, a set's order, and a timedelta's parts.
  const plain = celery57.filter(({ value }) => !/"(object|timedelta|set|frozenset|complex)"/.test(JSON.stringify(value)));
  expect(plain.length).toBeGreaterThan(100);
  for (const { text, value } of plain) {
    if (value === null || text.includes("bytearray") || text.includes("<")) continue;
    expect({ text, ours: BUDGETS.map((budget) => saferepr(readCase(value), budget)) }).toEqual({
      text,
      ours: expect.arrayContaining([text]),
    });
  }
});

describe("a value of JavaScript", () => {
  test.each<[Value, string]>([
    [{ $: "tuple", items: [2, 3] }, "(2, 3)"],
    [{ $: "tuple", items: [1] }, "(1,)"],
    [dict([]), "{}"],
    [dict([["a", 1]]), "{'a': 1}"],
    [[null, true, false, 2.5], "[None, True, False, 2.5]"],
    ["it's", "'it\\'s'"],
    ['a "q"\n\\', "'a \"q\"\n\\'"],
    [[[[[1]]]], "[[[[...]]]]"],
    [
      { $: "datetime", text: "2024-05-06T07:08:09.010000+00:00" },
      "datetime.datetime(2024, 5, 6, 7, 8, 9, 10000, tzinfo=datetime.timezone.utc)",
    ],
    ["x".repeat(2_000), `'${"x".repeat(1024)}...'`],
    ["🌼".repeat(1023), `'${"🌼".repeat(1023)}'`],
  ])("%j", (value, text) => {
    expect(saferepr(value)).toBe(text);
  });

  test("a long list ends in dots and is closed", () => {
    const text = saferepr({ $: "tuple", items: [Array.from({ length: 1_000 }, (_, index) => index)] });
    expect(text).toMatch(/^\(\[0, 1, 2, .*, \.\.\.\],\)$/);
    expect(text.length).toBeLessThan(1_040);
  });
});
