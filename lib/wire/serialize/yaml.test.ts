import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Value, dict } from "../python/value.ts";
import cases from "./fixtures/yaml.json" with { type: "json" };
import { decodeYaml } from "./yaml.ts";

describe("what PyYAML wrote", () => {
  for (const { name, text, value } of cases) {
    test(`${name}: ${text.slice(0, 40)}`, () => {
      expect(decodeYaml(text)).toEqual({ ok: true, value });
    });
  }
});

describe("a plain scalar means what it means to PyYAML", () => {
  test.each<[string, Value]>([
    ["yes", true],
    ["Off", false],
    ["y", "y"],
    ["~", null],
    ["", null],
    ["010", 8],
    ["08", "08"],
    ["0x1F", 31],
    ["0b1_01", 5],
    ["-1_000", -1000],
    ["1:30", 90],
    ["-190:20:30", -685230],
    ["1:30.5", 90.5],
    ["0o17", "0o17"],
    ["1e3", "1e3"],
    ["1.0e+3", { $: "float", text: "1000.0" }],
    ["1.", { $: "float", text: "1.0" }],
    [".5", 0.5],
    ["-.inf", { $: "float", text: "-inf" }],
    ["0x_", "0x_"],
    ["2024-05-06", { $: "date", text: "2024-05-06" }],
    ["2024-5-6", "2024-5-6"],
    ["2024-05-06 7:08:09.5 +2", { $: "datetime", text: "2024-05-06T07:08:09.500000+02:00" }],
    ["2024-05-06T07:08:09Z", { $: "datetime", text: "2024-05-06T07:08:09+00:00" }],
    ["2024-13-06", "2024-13-06"],
    ["12345678901234567890", { $: "int", text: "12345678901234567890" }],
  ])("%s", (text, value) => {
    expect(decodeYaml(text)).toEqual({ ok: true, value });
  });
});

test("explicit tags win over looks", () => {
  expect(decodeYaml('[!!str 1, !!int "7", !!float 1, !!bool "no", !money 5, !!python/module:os ""]')).toEqual({
    ok: true,
    value: ["1", 7, 1, false, { $: "object", type: "!money", args: ["5"] }, { $: "object", type: "os" }],
  });
});

test("an instance is named, never built", () => {
  expect(decodeYaml("!!python/object/apply:os.system ['rm -rf /']")).toEqual({
    ok: true,
    value: { $: "object", type: "os.system", args: ["rm -rf /"] },
  });
  expect(decodeYaml("!!python/object/new:m.Box\nargs: [1]\ndictitems: {a: 2}\n")).toEqual({
    ok: true,
    value: { $: "object", type: "m.Box", args: [1], state: dict([["a", 2]]) },
  });
});

test("__proto__ is a key like any other", () => {
  expect(decodeYaml("__proto__: {x: 1}")).toEqual({ ok: true, value: dict([["__proto__", dict([["x", 1]])]]) });
});

describe("aliases", () => {
  test("are copied, and a name means its latest anchor", () => {
    expect(decodeYaml("[&a x, *a, &a {k: v}, *a]")).toEqual({
      ok: true,
      value: ["x", "x", dict([["k", "v"]]), dict([["k", "v"]])],
    });
  });

  test("that contain themselves are cut", () => {
    expect(decodeYaml("&a [1, *a]")).toEqual({ ok: true, value: [1, { $: "cut", reason: "contains itself" }] });
  });

  test("that multiply are cut", () => {
    const lines = ["a0: &a0 [lol, lol]"];
    for (let n = 1; n < 60; n++) lines.push(`a${n}: &a${n} [*a${n - 1}, *a${n - 1}]`);
    const json = JSON.stringify(decodeYaml(lines.join("\n")));
    expect(json.length).toBeLessThan(20_000_000);
    expect(json).toContain("repeated too often");
  });

  test("of nothing are refused", () => {
    expect(decodeYaml("[*a]").ok).toBe(false);
  });
});

test("nesting is cut", () => {
  expect(JSON.stringify(decodeYaml(`${"[".repeat(300)}${"]".repeat(300)}`))).toContain("nested deeper");
  expect(decodeYaml("[".repeat(100_000)).ok).toBe(false);
});

test.each(["a: b: c", "[1", '"open', "a\n---\nb\n", "- 'x", "\t- a", "{a: 1"])("%j is refused", (text) => {
  expect(decodeYaml(text).ok).toBe(false);
});

test("the reason does not quote the text", () => {
  expect(decodeYaml("{password: hunter2")).toMatchObject({ ok: false, reason: expect.not.stringContaining("hunter2") });
});

test("any text gives a value or a reason that can be written as JSON", () => {
  const piece = fc.constantFrom(
    "- ",
    "\n",
    "  ",
    ": ",
    "a",
    "&a ",
    "*a",
    "? ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "|\n",
    "'",
    '"',
    "!!set ",
    "!!python/tuple ",
    "!!binary ",
    "#",
    "1",
    "~",
    "---",
    "%",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary" }),
        fc.array(piece, { maxLength: 40 }).map((parts) => parts.join("")),
      ),
      (text) => {
        JSON.stringify(decodeYaml(text));
      },
    ),
    { numRuns: 1000 },
  );
});
