import fc from "fast-check";
import { describe, expect, test } from "vitest";
import celery56 from "./fixtures/saferepr-5.6.3.json" with { type: "json" };
import celery57 from "./fixtures/saferepr-5.7.0.json" with { type: "json" };
import { parseLiteral } from "./literal.ts";
import { type Value, dict } from "./value.ts";

const LEFT_OUT = { $: "cut", reason: "left out by the sender" } as const;
const tuple = (...items: Value[]): Value => ({ $: "tuple", items });

describe.each([
  ["5.6.3", celery56],
  ["5.7.0", celery57],
])("what Celery %s wrote", (_, cases) => {
  test("is exact only where it is whole and means that value", () => {
    for (const { text, whole, value } of cases) {
      const literal = parseLiteral(text);
      if (literal.kind === "exact") expect({ text, whole: true, value: literal.value }).toEqual({ text, whole, value });
    }
  });

  test("is called cut only where it was", () => {
    for (const { text, whole } of cases) {
      if (whole) expect({ text, kind: parseLiteral(text).kind }).not.toEqual({ text, kind: "cut" });
    }
  });

  test("is exact in most cases that are whole, though these are chosen to be difficult", () => {
    const whole = cases.filter((candidate) => candidate.whole);
    const exact = whole.filter(({ text }) => parseLiteral(text).kind === "exact");
    expect(exact.length / whole.length).toBeGreaterThan(0.6);
  });
});

describe("exact", () => {
  test.each<[string, Value]>([
    ["('a', None, False, 2.5, [1, {'k': 'v'}])", tuple("a", null, false, 2.5, [1, dict([["k", "v"]])])],
    ["()", tuple()],
    ["(1,)", tuple(1)],
    ["{}", dict([])],
    [
      "{1: 2, (3, 4): None}",
      dict([
        [1, 2],
        [tuple(3, 4), null],
      ]),
    ],
    ["{1, 2}", { $: "set", items: [1, 2] }],
    ["set()", { $: "set", items: [] }],
    ["frozenset({1})", { $: "frozenset", items: [1] }],
    ["'it\\'s'", "it's"],
    ["'line\nbreak, {}'", "line\nbreak, {}"],
    ['"it\'s"', "it's"],
    ["1000000000000000000000000000000", { $: "int", text: "1000000000000000000000000000000" }],
    ["[1.0, 1e+100, nan, -inf]", ["1.0", "1e+100", "nan", "-inf"].map((text) => ({ $: "float", text }))],
    ["((1+2j), 3j)", tuple({ $: "complex", text: "(1+2j)" }, { $: "complex", text: "3j" })],
    ["b'abc'", { $: "bytes", base64: "YWJj" }],
    ["b'6162'", { $: "bytes", base64: "NjE2Mg==" }],
    ["Decimal('1.50')", { $: "decimal", text: "1.50" }],
    ["UUID('12345678-1234-5678-1234-567812345678')", { $: "uuid", text: "12345678-1234-5678-1234-567812345678" }],
    ["datetime.date(2024, 5, 6)", { $: "date", text: "2024-05-06" }],
    ["datetime.datetime(2024, 5, 6, 7, 8)", { $: "datetime", text: "2024-05-06T07:08:00" }],
    [
      "datetime.datetime(2024, 5, 6, 7, 8, 9, 10, tzinfo=datetime.timezone.utc)",
      { $: "datetime", text: "2024-05-06T07:08:09.000010+00:00" },
    ],
    ["datetime.time(7, 8, tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=73800)))", { $: "time", text: "07:08:00-03:30" }],
    ["datetime.timedelta(days=1, seconds=30, microseconds=5)", { $: "timedelta", text: "P1DT30.000005S" }],
    ["datetime.timedelta(0)", { $: "timedelta", text: "PT0S" }],
  ])("%s", (text, value) => {
    expect(parseLiteral(text)).toEqual({ kind: "exact", value });
  });
});

describe("inexact", () => {
  test.each<[string, Value, string]>([
    ["'C:\\new'", "C:\\new", "a string holds a backslash, which Celery does not escape and Python does"],
    ["'a\\', b'", "a', b", "a string may end at a quote behind a backslash, or go on"],
    ["'wait...'", "wait...", "a string ends in three dots, with which the sender also marks one that was cut"],
    [
      "b'fffe'",
      { $: "bytes", base64: "//4=" },
      "bytes are written without escapes, so that they may end elsewhere or be hexadecimal digits",
    ],
    [
      "[b'a', 'b']",
      [{ $: "bytes", base64: "YQ==" }, "b"],
      "bytes are written without escapes, so that they may end elsewhere or be hexadecimal digits",
    ],
    [
      "(<Foo object at 0x7f>,)",
      tuple({ $: "object", type: "<Foo object at 0x7f>" }),
      "an instance cannot be built from <Foo object at 0x7f>",
    ],
    [
      "<function <lambda> at 0x7f>",
      { $: "object", type: "<function <lambda> at 0x7f>" },
      "an instance cannot be built from <function <lambda> at 0x7f>",
    ],
    ["Point(1, y=[2])", { $: "object", type: "Point", args: [1], state: dict([["y", [2]]]) }, "an instance cannot be built from Point"],
    [
      "datetime.datetime(2024, 5, 6, 0, 0, tzinfo=zoneinfo.ZoneInfo(key='Europe/Berlin'))",
      expect.objectContaining({ type: "datetime.datetime" }),
      "an instance cannot be built from datetime.datetime",
    ],
  ])("%s", (text, value, reason) => {
    expect(parseLiteral(text)).toEqual({ kind: "inexact", value, reason });
  });
});

describe("cut", () => {
  test.each<[string, Value]>([
    ["[1, 2, ...]", [1, 2, LEFT_OUT]],
    ["[1, 22...", [1, LEFT_OUT]],
    ["([1, 22..., ...])", tuple([1, LEFT_OUT, LEFT_OUT])],
    ["[[[[...]]]]", [[[[LEFT_OUT]]]]],
    ["((((...,),),),)", tuple(tuple(tuple(tuple(LEFT_OUT))))],
    ["{'a': {...}}", dict([["a", dict([[LEFT_OUT, LEFT_OUT]])]])],
    [
      "{'k': 'yyy...', ...",
      dict([
        ["k", "yyy..."],
        [LEFT_OUT, LEFT_OUT],
      ]),
    ],
    ["{'k': , ...}", dict([["k", LEFT_OUT]])],
    ["(1, , ...)", tuple(1, LEFT_OUT)],
    ["(datetime.datetime(2024, 5,..., ...)", tuple({ $: "object", type: "datetime.datetime", args: [2024, 5, LEFT_OUT, LEFT_OUT] })],
    ["[1, 2", [1, 2]],
    [`'${"x".repeat(1030)}...'`, `${"x".repeat(1030)}...`],
  ])("%s", (text, value) => {
    expect(parseLiteral(text)).toEqual({ kind: "cut", value, reason: "the sender cut the text" });
  });
});

describe("unreadable", () => {
  test.each([
    "",
    "hello world",
    "(1)",
    "1 2",
    "[1 2]",
    "(***)",
    "{1: 2, 3}",
    "'open",
    "]",
    "(,)",
    "b'it's'",
    "[1}",
    "['a\\', 'b']",
    "{'path': 'C:\\dir\\'}",
  ])("%j", (text) => {
    expect(parseLiteral(text).kind).toBe("unreadable");
  });

  test("nested too deep", () => {
    expect(parseLiteral("(".repeat(100_000)).kind).toBe("unreadable");
  });
});

test("the time is linear in the text, whatever it repeats", () => {
  for (const piece of [
    "(",
    "'",
    "\\'",
    "b'",
    "<",
    "...",
    ", ...",
    ", ",
    "a(",
    "{1:",
    "x=",
    "b'a', ",
    "'\\', ",
    "1j(",
    " ",
    "<>, ",
    "[], ",
  ]) {
    const begun = process.cpuUsage(); // not the time, in which others may have had the processor
    parseLiteral(`(${piece.repeat(200_000)}`);
    expect({ piece, fast: process.cpuUsage(begun).user < 2_000_000 }).toEqual({ piece, fast: true });
  }
});

test("any text gives a literal that can be written as JSON", () => {
  const piece = fc.constantFrom(..."()[]{}<>,:'\"\\ .=b1e-+jxN", "...", ", ...", "True", "Decimal('1')", "datetime.time(", "tzinfo=");
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary" }),
        fc.array(piece, { maxLength: 40 }).map((parts) => parts.join("")),
      ),
      (text) => {
        JSON.stringify(parseLiteral(text));
      },
    ),
    { numRuns: 5000 },
  );
});
