import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseFilter, printFilter } from "./filter-text.ts";

/** What the parser understood, or where and why it did not. */
function understood(text: string): string {
  const parsed = parseFilter(text);
  if (!parsed.ok) return `${parsed.at}: ${parsed.reason}`;
  return parsed.filter === null ? "" : printFilter(parsed.filter);
}

describe("a filter text is understood", () => {
  test.each([
    // what a person types, what it means
    ["", ""],
    ["   ", ""],
    ["state:FAILURE", "state:FAILURE"],
    ["state:FAILURE name:tasks.*", "state:FAILURE AND name:tasks.*"],
    ["state:FAILURE state:RETRY worker:w1@a", "(state:FAILURE OR state:RETRY) AND worker:w1@a"],
    ["state:FAILURE AND state:RETRY", "state:FAILURE AND state:RETRY"],
    ["a OR b c", "a OR (b AND c)"],
    ["(a OR b) c", "(a OR b) AND c"],
    ["-state:SUCCESS", "NOT state:SUCCESS"],
    ["NOT -x", "x"],
    ["-(a OR b)", "NOT (a OR b)"],
    ["- x", '"-" AND x'],
    ["not and or", "not AND and AND or"],
    ['"AND"', '"AND"'],
    ["UUID:74ff28fb*", "id:74ff28fb*"],
    ["runtime:>1.5", "runtime:>1500ms"],
    ["runtime:>=90s", "runtime:>=90s"],
    ["run:<0.25ms", "runtime:<0.25ms"],
    ["wait:>120m", "wait:>2h"],
    ["retries:3", "retries:3"],
    ["retries:>0", "retries:>0"],
    ["kwargs:customer=42", "kwargs:customer=42"],
    ['kwargs:name="Ada L"', 'kwargs:"name=Ada L"'],
    ["kwargs:customer", "kwargs:customer"],
    ['args:"say \\"hi\\""', 'args:"say \\"hi\\""'],
    ["args:f(1)", 'args:"f(1)"'],
    ["(args:f(1))", 'args:"f(1)"'],
    ["it's", `"it's"`],
    ["http://db-2:6379", '"http://db-2:6379"'],
    ["KeyError: 'x'", `"KeyError:" AND "'x'"`],
    ["stat:FAILURE", '"stat:FAILURE"'],
    ['"connection refused"', '"connection refused"'],
  ])("%s", (text, meaning) => {
    expect(understood(text)).toBe(meaning);
  });
});

describe("a broken filter text says where it goes wrong", () => {
  test.each([
    ['name:"tasks', "5: the quotation mark that opens here is never closed"],
    ["(a OR b", "0: the parenthesis that opens here is never closed"],
    ["a)", "1: this closing parenthesis was never opened"],
    ["a OR", "4: something is missing at the end"],
    ["AND a", "0: something is missing before AND"],
    ["()", "0: these parentheses are empty"],
    ["state:", "6: state: needs a value"],
    ["runtime:fast", "8: runtime: needs a duration such as >1.5s or <200ms"],
    ["retries:>1s", "8: retries: needs a number such as 3 or >0"],
    ["runtime:99999999999d", "8: runtime: this number is too large"],
    ['""', "0: there is nothing between these quotation marks"],
    ["(".repeat(60), "50: this is nested too deep"],
  ])("%s", (text, problem) => {
    expect(understood(text)).toBe(problem);
  });
});

const piece = fc.constantFrom(
  ...'( ) - " \\ AND OR NOT : = * > < 1 0.5 ms d state name retries runtime kwargs args foo ü'.split(" "),
  " ",
  "\u0000",
  "\u2028",
);

test("any text is understood or refused, and what was understood reads back as the same", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join("")),
      ),
      (text) => {
        const parsed = parseFilter(text);
        if (!parsed.ok || parsed.filter === null) return;
        expect(parseFilter(printFilter(parsed.filter))).toEqual(parsed);
      },
    ),
    { numRuns: 3_000 },
  );
});
