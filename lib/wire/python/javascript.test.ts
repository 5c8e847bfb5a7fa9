import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromJavaScript, toJavaScript } from "./javascript.ts";
import { type Value, dict } from "./value.ts";

describe("what Python sees", () => {
  test.each<[unknown, Value]>([
    [undefined, null],
    [-0, { $: "float", text: "-0.0" }],
    [1.5, 1.5],
    [2 ** 60, { $: "int", text: "1152921504606846976" }],
    [1e300, { $: "float", text: "1e+300" }],
    [Number.NaN, { $: "float", text: "nan" }],
    [2n ** 70n, { $: "int", text: "1180591620717411303424" }],
    [5n, 5],
    [new Date(0), { $: "datetime", text: "1970-01-01T00:00:00.000000+00:00" }],
    [Buffer.from("hi"), { $: "bytes", base64: "aGk=" }],
    [{ a: 1, b: undefined }, dict([["a", 1]])],
    [new Map([["a", 1]]), dict([["a", 1]])],
    [{ toJSON: () => [1] }, [1]],
  ])("of %o", (value, seen) => {
    expect(fromJavaScript(value)).toEqual({ ok: true, value: seen });
  });

  test("nothing of a function, an endless value or an invalid date", () => {
    const endless: unknown[] = [];
    endless.push(endless);
    for (const value of [() => {}, endless, new Date(Number.NaN), { a: Symbol("a") }]) {
      expect(fromJavaScript(value)).toMatchObject({ ok: false });
    }
  });
});

test("what JSON can carry comes back the same, integers beyond 2^53 as bigint", () => {
  const number = fc.oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }));
  const { json } = fc.letrec((tie) => ({
    json: fc.oneof(fc.string(), fc.boolean(), fc.constant(null), number, fc.array(tie("json")), fc.dictionary(fc.string(), tie("json"))),
  }));
  fc.assert(
    fc.property(json, (value) => {
      const seen = fromJavaScript(value);
      if (seen.ok) expect(toJavaScript(seen.value)).toEqual(structuredClone(value));
    }),
  );
});

test.each<[Value, unknown]>([
  [{ $: "datetime", text: "2024-05-06T07:08:09.123456+00:00" }, new Date("2024-05-06T07:08:09.123Z")],
  [{ $: "datetime", text: "2024-05-06T07:08:09" }, new Date("2024-05-06T07:08:09Z")],
  [{ $: "int", text: "1180591620717411303424" }, 2n ** 70n],
  [{ $: "float", text: "1.0" }, 1],
  [{ $: "tuple", items: [1] }, [1]],
])("a task receives %j", (value, received) => {
  expect(JSON.stringify(toJavaScript(value), bigintText)).toEqual(JSON.stringify(received, bigintText));
});

function bigintText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value;
}

test.each<Value>([
  { $: "uuid", text: "12345678-1234-5678-1234-567812345678" },
  { $: "decimal", text: "1.50" },
  { $: "date", text: "2024-05-06" },
  { $: "time", text: "07:08:09.120000" },
  { $: "datetime", text: "2024-05-06T07:08:09" },
  { $: "datetime", text: "2024-05-06T07:08:09.123456+05:30" },
  { $: "float", text: "-0.0" },
])("what a task returns as it received it is what it was: %j", (value) => {
  expect(fromJavaScript([toJavaScript(value)])).toEqual({ ok: true, value: [value] });
});

test("a datetime that a task has changed is sent with its new time", () => {
  const at = toJavaScript({ $: "datetime", text: "2024-05-06T07:08:09+05:30" });
  if (!(at instanceof Date)) throw new TypeError("no Date");
  at.setUTCHours(12);
  expect(fromJavaScript(at)).toEqual({ ok: true, value: { $: "datetime", text: "2024-05-06T12:38:09.000000+00:00" } });
});

test("a decimal reads as its text", () => {
  expect(String(toJavaScript({ $: "decimal", text: "1.50" }))).toBe("1.50");
});
