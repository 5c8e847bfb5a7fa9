import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Value, dict } from "../python/value.ts";
import { floatValue, intValueOf } from "../python/number.ts";
import cases from "./fixtures/kombu-json.json" with { type: "json" };
import { decodeJson, encodeKombuJson, parsePlainJson } from "./json.ts";

describe("what Kombu 5.7 wrote", () => {
  for (const { name, text, value } of cases) {
    test(`${name} is read`, () => {
      expect(decodeJson(text)).toEqual({ ok: true, value });
    });
    test(`${name} is written back byte for byte`, () => {
      expect(encodeKombuJson(readCase(value))).toEqual({ ok: true, value: text });
    });
  }
});

/** The fixture's type is inferred too narrowly to be a `Value`; its content is one. */
function readCase(value: unknown): Value {
  return value as Value;
}

describe("JSON that only Python writes", () => {
  test.each<[string, Value]>([
    ["NaN", { $: "float", text: "nan" }],
    [
      "[Infinity, -Infinity]",
      [
        { $: "float", text: "inf" },
        { $: "float", text: "-inf" },
      ],
    ],
    ["12345678901234567890", { $: "int", text: "12345678901234567890" }],
    ["-0", 0],
    ["-0.0", { $: "float", text: "-0.0" }],
    ["1.0", { $: "float", text: "1.0" }],
    ["1e2", { $: "float", text: "100.0" }],
    ["1E400", { $: "float", text: "1e400" }],
    ["0.5", 0.5],
    [' {"a" : 1 , "a":2}\n', dict([["a", 2]])],
    ['"\\ud800 \\u00e9\\n\\/"', "\ud800 é\n/"],
    ['"\\ud83c\\udf3c"', "🌼"],
    ['"raw\ttab"', "raw\ttab"],
    ['{"__proto__": {"x": 1}}', dict([["__proto__", dict([["x", 1]])]])],
  ])("%s", (text, value) => {
    expect(decodeJson(text)).toEqual({ ok: true, value });
  });

  test.each<[string, Value]>([
    ['{"__type__": "money", "__value__": [1, "EUR"]}', { $: "object", type: "money", args: [[1, "EUR"]] }],
    ['{"__type__": "datetime", "__value__": "soon"}', { $: "object", type: "datetime", args: ["soon"] }],
    ['{"__type__": "base64", "__value__": "?"}', { $: "object", type: "base64", args: ["?"] }],
    ['{"__type__": "uuid", "__value__": {"int": 5}}', { $: "object", type: "uuid", args: [dict([["int", 5]])] }],
    [
      '{"__type__": "date", "__value__": "2024-05-06", "x": 1}',
      dict([
        ["__type__", "date"],
        ["__value__", "2024-05-06"],
        ["x", 1],
      ]),
    ],
    [
      '{"__type__": 1, "__value__": 2}',
      dict([
        ["__type__", 1],
        ["__value__", 2],
      ]),
    ],
  ])("special type %s", (text, value) => {
    expect(decodeJson(text)).toEqual({ ok: true, value });
  });

  test.each([
    "",
    " ",
    "{",
    "[1,]",
    '{"a"}',
    '{"a":}',
    "{1:2}",
    '"open',
    '"\\x"',
    '"\\u12"',
    "01",
    "1.",
    "+1",
    "-",
    "nul",
    "1 2",
    "[1",
    "NaNa",
    "\ufeff1",
  ])("%j is refused", (text) => {
    expect(decodeJson(text).ok).toBe(false);
    expect(parsePlainJson(text).ok).toBe(false);
  });

  test("the reason does not quote the text", () => {
    expect(decodeJson('{"password": hunter2}')).toEqual({
      ok: false,
      reason: "not JSON: no value at 13",
    });
  });
});

describe("nesting", () => {
  const deep = `${'[{"]":'.repeat(100_000)}1${"}]".repeat(100_000)}`;

  test("too deep is cut, and what follows is still read", () => {
    const result = decodeJson(`[${deep}, 7]`);
    expect(result).toMatchObject({ ok: true, value: [expect.anything(), 7] });
    expect(JSON.stringify(result)).toContain("nested deeper");
  });

  test("too deep is refused in an envelope", () => {
    expect(parsePlainJson(deep)).toEqual({
      ok: false,
      reason: "not JSON: nested deeper than 200 levels",
    });
    expect(parsePlainJson(`[NaN, ${deep}]`).ok).toBe(false);
  });

  test("brackets in strings do not count", () => {
    const text = JSON.stringify({ "[": '\\"[{'.repeat(1000) });
    expect(parsePlainJson(text)).toEqual({ ok: true, value: JSON.parse(text) });
  });
});

describe("plain JSON", () => {
  test("takes what JSON.parse takes, and Python's tokens", () => {
    expect(parsePlainJson('{"a": [NaN, -Infinity, 1.0, 1e400], "__proto__": 1}')).toEqual({
      ok: true,
      value: Object.fromEntries([
        ["a", [NaN, -Infinity, 1, Infinity]],
        ["__proto__", 1],
      ]),
    });
  });

  test("does not touch the prototype", () => {
    const result = parsePlainJson('{"__proto__": {"polluted": NaN}}');
    expect(result).toMatchObject({ ok: true });
    expect(result.ok && Object.getPrototypeOf(result.value)).toBe(Object.prototype);
  });

  test("is the same on both paths", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const text = JSON.stringify(json);
        expect(parsePlainJson(`[NaN, ${text}]`)).toEqual({
          ok: true,
          value: [NaN, JSON.parse(text)],
        });
      }),
    );
  });
});

describe("what JSON cannot carry is refused", () => {
  test.each<[string, Value, string]>([
    ["a set", [{ $: "set", items: [] }], "JSON cannot hold this set"],
    ["a timedelta", { $: "timedelta", text: "P1D" }, "JSON cannot hold this timedelta"],
    ["an instance", { $: "object", type: "tasks.Point" }, "JSON cannot hold an instance of tasks.Point"],
    ["a cut", dict([["a", { $: "cut", reason: "too long" }]]), "a part is missing: too long"],
    ["a number as a key", dict([[1, 2]]), "a key of a dict is not a string, and JSON would make it one"],
    [
      "a dict that looks like a special type",
      dict([
        ["__type__", "date"],
        ["__value__", 1],
      ]),
      "a dict of __type__ and __value__ would be read as the type that it names",
    ],
    ["an integer with more in it", { $: "int", text: '1, "x": 2' }, "an integer is not written in digits"],
    ["a float with more in it", { $: "float", text: "1.0]" }, "a float is not written in digits"],
    ["a datetime that no worker could read", { $: "datetime", text: "soon" }, "JSON cannot hold this datetime"],
  ])("%s", (_, value, reason) => {
    expect(encodeKombuJson(value)).toEqual({ ok: false, reason });
  });

  test("a value without end", () => {
    const endless: Value[] = [];
    endless.push(endless);
    expect(encodeKombuJson(endless).ok).toBe(false);
  });
});

const text = fc.string({ unit: "binary" });
const leaf: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(null, true, false, { $: "float", text: "nan" }, { $: "float", text: "-inf" }),
  text,
  fc.bigInt().map((int) => intValueOf(String(int))),
  fc.double({ noNaN: true }).map((float) => floatValue(float)),
  fc.uint8Array().map((bytes): Value => ({ $: "bytes", base64: Buffer.from(bytes).toString("base64") })),
  fc.uuid().map((uuid): Value => ({ $: "uuid", text: uuid })),
  fc.date({ noInvalidDate: true, min: new Date(0) }).map((date): Value => ({ $: "datetime", text: date.toISOString() })),
);
const { value: anyValue } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    leaf,
    fc.array(tie("value")),
    fc.dictionary(text, tie("value")).map((entries) => dict(Object.entries(entries))),
  ),
}));

test("every value that can be written is read back the same", () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const encoded = encodeKombuJson(value);
      if (encoded.ok) expect(decodeJson(encoded.value)).toEqual({ ok: true, value });
    }),
  );
});

test("any text gives a value or a reason", () => {
  const pieces = fc.array(fc.constantFrom("[", "]", "{", "}", ",", ":", '"', "\\", "u00", "1", "e", ".", "-", "NaN", "null", " ", '"a"'), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        pieces.map((parts) => parts.join("")),
      ),
      (input) => {
        const exact = decodeJson(input);
        expect(parsePlainJson(input).ok).toBe(exact.ok);
      },
    ),
    { numRuns: 3000 },
  );
});
