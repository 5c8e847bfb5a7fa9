import { expect, it } from "vitest";
import { read } from "./keys.model.ts";

it("reads two keys in a row", () => {
  const first = read(null, "g", 1_000);
  expect(first.means).toBeNull();
  expect(read(first.waits, "t", 1_400)).toEqual({ means: "g t", waits: null });
});

it("forgets the first key after a while", () => {
  expect(read({ first: "g", at: 1_000 }, "t", 9_000).means).toBe("t");
});

it("reads the second key for itself when the two mean nothing", () => {
  expect(read({ first: "g", at: 1_000 }, "?", 1_100).means).toBe("?");
});
