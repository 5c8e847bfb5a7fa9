import fc from "fast-check";
import { describe, expect, test } from "vitest";
import cases from "../serialize/fixtures/pickle.json" with { type: "json" };
import { decodePickle } from "../serialize/pickle.ts";
import { formatValue } from "./repr.ts";
import { type Value, dict } from "./value.ts";

test.each<[Value, string]>([
  [null, "None"],
  [true, "True"],
  [[1, 1.5, { $: "float", text: "1.0" }, { $: "int", text: "99999999999999999999" }], "[1, 1.5, 1.0, 99999999999999999999]"],
  [1e-7, "1e-07"],
  [{ $: "tuple", items: [2, 3] }, "(2, 3)"],
  [{ $: "tuple", items: [2] }, "(2,)"],
  [{ $: "tuple", items: [] }, "()"],
  [
    dict([
      ["a", 1],
      [2, null],
    ]),
    "{'a': 1, 2: None}",
  ],
  [{ $: "set", items: [] }, "set()"],
  [{ $: "frozenset", items: [1] }, "frozenset({1})"],
  ["it's", `"it's"`],
  [`it's "x"`, `'it\\'s "x"'`],
  ["two\nlines\\ \u202e \u{e0041} \ud800", "'two\\nlines\\\\ \\u202e \\U000e0041 \\ud800'"],
  ["héllo 🌼", "'héllo 🌼'"],
  [{ $: "bytes", base64: "AP9hJw==" }, "b'\\x00\\xffa\\''"],
  [{ $: "decimal", text: "1.50" }, "Decimal('1.50')"],
  [{ $: "datetime", text: "2024-05-06T07:08:09" }, "datetime('2024-05-06T07:08:09')"],
  [{ $: "complex", text: "(1+2j)" }, "(1+2j)"],
  [{ $: "object", type: "tasks.Point" }, "tasks.Point"],
  [{ $: "object", type: "tasks.Point", args: [1], state: dict([["y", 2]]) }, "tasks.Point(1, y=2)"],
  [{ $: "object", type: "deque", args: [], state: [1, 2] }, "deque([1, 2])"],
  [[1, { $: "cut", reason: "too long" }], "[1, …]"],
  [
    dict([
      [
        { $: "cut", reason: "" },
        { $: "cut", reason: "" },
      ],
    ]),
    "{…}",
  ],
])("%j is written %s", (value, text) => {
  expect(formatValue(value, 100)).toBe(text);
});

describe("what does not fit is cut", () => {
  test("at exactly the length", () => {
    expect(formatValue([1, 2, 3], 9)).toBe("[1, 2, 3]");
    expect(formatValue([1, 2, 3], 8)).toBe("[1, 2, …");
    expect(formatValue("🌼🌼🌼", 4)).toBe("'🌼…");
  });

  test("without walking the rest", () => {
    const endless: Value[] = ["x"];
    endless.push(endless);
    expect(formatValue(endless, 20)).toBe("['x', ['x', ['x', […");
    expect(
      formatValue(
        Array.from({ length: 1_000_000 }, (_, index) => index),
        10,
      ),
    ).toBe("[0, 1, 2,…");
  });

  test("every value of every length", () => {
    const values = cases.map(({ base64 }) => decodePickle(Buffer.from(base64, "base64")));
    fc.assert(
      fc.property(fc.constantFrom(...values), fc.integer({ min: 1, max: 60 }), (decoded, length) => {
        const text = formatValue(decoded.ok ? decoded.value : null, length);
        expect(text.length).toBeLessThanOrEqual(length);
        expect(text).not.toMatch(/[\n\r]/);
      }),
    );
  });
});
