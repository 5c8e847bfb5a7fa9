import { expect, it } from "vitest";
import { sparkPath } from "./sparkline.model.ts";

it("draws depths from zero at the bottom", () => {
  expect(
    sparkPath(
      [
        { at: 0, depth: 0 },
        { at: 50, depth: 5 },
        { at: 100, depth: 10 },
      ],
      96,
      20,
    ),
  ).toBe("M0 19L48 10L96 1");
});

it("keeps an empty queue at the bottom, one sample level, and none away", () => {
  expect(
    sparkPath(
      [
        { at: 0, depth: 0 },
        { at: 1, depth: 0 },
      ],
      96,
      20,
    ),
  ).toBe("M0 19L96 19");
  expect(sparkPath([{ at: 5, depth: 3 }], 96, 20)).toBe("M0 1H96");
  expect(sparkPath([], 96, 20)).toBe("");
});
