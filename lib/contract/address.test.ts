import { expect, test } from "vitest";
import { inAddress } from "./address.ts";

test("any name is one part of an address and comes back, but for half a surrogate pair", () => {
  for (const name of ["../a?b=c#d%2f", "<script>\u0000\n\u202e", "🌼", ""]) expect(decodeURIComponent(inAddress(name))).toBe(name);
  expect(inAddress("../a")).toBe("..%2Fa");
  expect(decodeURIComponent(inAddress("a\ud83c"))).toBe("a\ufffd");
});
