import { expect, it } from "vitest";
import { fillOf, slotWords } from "./worker.model.ts";

it("says how many slots are in use, as far as it is known", () => {
  expect(slotWords({ active: 5, slots: 8 })).toBe("5 of 8");
  expect(slotWords({ active: null, slots: 8 })).toBe("? of 8");
  expect(slotWords({ active: 5, slots: null })).toBe("5");
  expect(slotWords({ active: null, slots: null })).toBe("–");
});

it("never fills more than the cell", () => {
  expect(fillOf({ active: 12, slots: 8 })).toBe(1);
  expect(fillOf({ active: 2, slots: 0 })).toBeNull();
});
