import { expect, it } from "vitest";
import { formatBytes, formatCount, formatRate, formatShare } from "./number.model.ts";

it.each([
  [0, "0"],
  [9_999, "9,999"],
  [10_000, "10k"],
  [12_345, "12.3k"],
  [999_499, "999k"],
  [999_500, "1M"],
  [4_560_000, "4.56M"],
  [-12_345, "-12.3k"],
])("counts %d as %s", (count, text) => expect(formatCount(count)).toBe(text));

it.each([
  [0, "0"],
  [0.04, "<0.1"],
  [0.44, "0.4"],
  [6, "6"],
  [11.6, "12"],
  [1920, "1,920"],
])("rates %d as %s", (rate, text) => expect(formatRate(rate)).toBe(text));

it.each([
  [0, 340, "0 %"],
  [312, 41_200, "0.8 %"],
  [312, 340, "92 %"],
  [1, 100_000, "<0.1 %"],
  [0, 0, ""],
])("%d of %d is %s", (part, whole, text) => expect(formatShare(part, whole)).toBe(text));

it.each([
  [512, "512 B"],
  [1_000, "0.98 KiB"],
  [3_670_016, "3.5 MiB"],
])("%d bytes are %s", (bytes, text) => expect(`${formatBytes(bytes).digits} ${formatBytes(bytes).unit}`).toBe(text));
