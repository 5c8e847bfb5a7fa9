import { expect, test } from "vitest";
import { NO_WORD, OTHER, Words } from "./words.ts";

test("a word keeps its number while it is used and is gone after its last use", () => {
  const words = new Words(10);
  const a = words.acquire("a");
  expect(words.acquire("a")).toBe(a);
  words.release(a);
  expect(words.text(a)).toBe("a");
  expect(words.counts()).toEqual(new Map([["a", 1]]));
  words.release(a);
  expect(words.text(a)).toBeUndefined();
  expect(words.counts()).toEqual(new Map());
});

test("no word and the empty word are two things", () => {
  const words = new Words(10);
  expect(words.acquire(undefined)).toBe(NO_WORD);
  expect(words.text(words.acquire(""))).toBe("");
  expect(words.text(NO_WORD)).toBeUndefined();
});

test("what comes after the bound is counted as other, until there is room again", () => {
  const words = new Words(2);
  const a = words.acquire("a");
  words.acquire("b");
  const c = words.acquire("c");
  expect(words.text(c)).toBe(OTHER);
  expect(words.omitted).toBe(1);
  expect(words.acquire("b")).not.toBe(c);
  words.release(a);
  expect(words.text(words.acquire("c"))).toBe("c");
  expect(words.omitted).toBe(1);
});

test("the ranking follows the words that are there", () => {
  const words = new Words(10);
  const b = words.acquire("b");
  const a = words.acquire("a");
  const before = words.ranking();
  expect(before.places[a]! < before.places[b]!).toBe(true);
  expect(before.places[NO_WORD]).toBeNaN();
  words.release(b);
  expect(words.ranking().ordered).not.toContain("b");
});
