import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Value } from "../../lib/wire/python/value.ts";
import { childrenOf, cutAt, jsonOf, previewOf, quote, readJson, readTold, typeOf } from "./value.model.ts";

const order: Value = {
  $: "dict",
  items: [
    ["id", { $: "int", text: "9007199254740993" }],
    ["lines", { $: "tuple", items: [1, true, null] }],
    ["at", { $: "datetime", text: "2025-11-21T10:00:00+00:00" }],
  ],
};

describe("reading", () => {
  it("keeps every digit of large integers and exact floats", () => {
    const reading = readJson('{"id": 9007199254740993, "x": 1.0, "n": 12}');
    expect(reading).toEqual({
      kind: "value",
      value: {
        $: "dict",
        items: [
          ["id", { $: "int", text: "9007199254740993" }],
          ["x", { $: "float", text: "1.0" }],
          ["n", 12],
        ],
      },
    });
  });

  it("never mistakes an application's dict for a tag", () => {
    const reading = readJson('{"$": "cut"}');
    expect(reading.kind === "value" && previewOf(reading.value, 80)).toBe('{"$": "cut"}');
  });

  it("shows a repr and anything unreadable as the text it is", () => {
    expect(readTold({ text: "(1, <Foo object>)", form: "repr" })).toEqual({ kind: "text", text: "(1, <Foo object>)" });
    expect(readTold({ text: "{", form: "value" })).toEqual({ kind: "text", text: "{" });
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const reading = readJson(text);
        if (reading.kind === "value") previewOf(reading.value, 60);
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => void readJson(text)));
  });
});

describe("showing", () => {
  it("writes one line of Python", () => {
    expect(previewOf(order, 200)).toBe('{"id": 9007199254740993, "lines": (1, True, None), "at": 2025-11-21T10:00:00+00:00}');
    expect(previewOf({ $: "tuple", items: [7] }, 20)).toBe("(7,)");
  });

  it("cuts long ones, never inside a character", () => {
    expect(previewOf("x".repeat(50), 10)).toBe('"xxxxxxxxx…');
    expect(cutAt("ab😀", 3)).toBe("ab");
  });

  it("makes invisible characters visible", () => {
    expect(quote("a\u202eb\u0000\n")).toBe('"a\\u202eb\\x00\\n"');
  });

  it("names types that the text does not show", () => {
    expect(typeOf({ $: "object", type: "app.Invoice" })).toBe("app.Invoice");
    expect(typeOf([1, 2])).toBe("list of 2");
    expect(typeOf("text")).toBeUndefined();
  });

  it("opens what has an inside", () => {
    expect(childrenOf({ $: "object", type: "E", args: ["x"], state: { $: "dict", items: [["code", 5]] } })).toEqual([
      { key: null, index: 0, value: "x" },
      { key: "code", index: 0, value: 5 },
    ]);
    expect(childrenOf("text")).toBeUndefined();
  });
});

describe("copying", () => {
  it("gives JSON where JSON can say it", () => {
    expect(jsonOf({ $: "dict", items: [["a", [1, { $: "int", text: "9007199254740993" }]]] })).toBe(
      '{\n  "a": [\n    1,\n    9007199254740993\n  ]\n}',
    );
  });

  it("gives none for what JSON would change", () => {
    expect(jsonOf({ $: "set", items: [] })).toBeUndefined();
    expect(jsonOf({ $: "dict", items: [[1, 2]] })).toBeUndefined();
    expect(jsonOf({ $: "float", text: "nan" })).toBeUndefined();
  });
});
