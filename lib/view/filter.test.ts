import fc from "fast-check";
import { expect, test } from "vitest";
import { matcherOf } from "./filter.ts";

test.each([
  ["tasks.add", "tasks.add", true],
  ["tasks.add", "tasks.add2", false],
  ["tasks.*", "tasks.add", true],
  ["*.add", "tasks.add", true],
  ["*", "", true],
  ["", "", true],
  ["", "a", false],
  ["a*a", "a", false],
  ["a*b*c", "a.c.b.c", true],
  ["a*b*c", "a.c.c", false],
  ["t.sks", "tasks", false],
])("%s matches %s: %s", (pattern, text, matches) => {
  expect(matcherOf(pattern)(text)).toBe(matches);
});

test("it matches as the regular expression would", () => {
  const short = fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 8 });
  fc.assert(
    fc.property(short, fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 10 }), (pattern, text) => {
      expect(matcherOf(pattern)(text)).toBe(new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(text));
    }),
  );
});
