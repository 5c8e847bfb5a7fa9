import { expect, test } from "vitest";
import type { Payload } from "../model/event.ts";
import { taskEvent } from "../testing/monitor.ts";
import { hasKeyword, payloadTexts } from "./payload-texts.ts";

function texts(payload: Payload) {
  return payloadTexts([taskEvent("task.received", "t", 0, { payload })]);
}

test.each<[string, string, boolean]>([
  ["customer", "42", true],
  ["customer", "4", false],
  ["note", "two words", true],
  ["flag", "True", true],
  ["flag", "true", true],
  ["none", "None", true],
  ["none", "null", true],
  ["list", "[1, 2]", true],
  ["inner", "1", false],
  ["missing", "42", false],
])("a keyword argument is found by name and value: %s=%s is %s", (name, value, expected) => {
  const { kwargs } = texts({
    kwargs: "{'customer': 42, 'note': 'two words', 'flag': True, 'none': None, 'list': [1, 2], 'more': {'inner': 1}}",
    argsForm: "repr",
  });
  expect(hasKeyword(kwargs, name, value)).toBe(expected);
});

test("values are searched as a person reads them, not as they are stored", () => {
  const { args, kwargs, result } = texts({
    args: '["Ada"]',
    kwargs: '{"$":"dict","items":[["n",{"$":"int","text":"12345678901234567890"}]]}',
    argsForm: "value",
    result: '{"$":"dict","items":[]}',
    resultForm: "value",
  });
  expect(args[0]).toContain("Ada");
  expect(hasKeyword(kwargs, "n", "12345678901234567890")).toBe(true);
  expect(result).toEqual(["{}"]);
});
