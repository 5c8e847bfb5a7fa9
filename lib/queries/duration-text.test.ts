import { expect, test } from "vitest";
import { durationText } from "./duration-text.ts";

test.each([
  [0, "0 ms"],
  [0.44, "0.4 ms"],
  [9.96, "10 ms"],
  [840, "840 ms"],
  [999.6, "1.0 s"],
  [5_049, "5.0 s"],
  [9_960, "10 s"],
  [59_600, "1 min"],
  [361_000, "6 min"],
  [3_599_000, "1 h"],
  [11_520_000, "3 h 12 min"],
  [86_399_000, "1 d"],
  [187_200_000, "2 d 4 h"],
  [-2_000, "-2.0 s"],
])("%d ms is %s", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});
