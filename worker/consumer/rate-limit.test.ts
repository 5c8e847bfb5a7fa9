import { expect, test } from "vitest";
import { RateLimiter, parseRate } from "./rate-limit.ts";

test.each<[string | number | null, number | null]>([
  ["10/s", 10],
  ["30/m", 0.5],
  ["3600/h", 1],
  ["2.5", 2.5],
  [3, 3],
  [0, 0],
  [null, 0],
  ["", 0],
  ["many", null],
  ["10/d", null],
])("the rate limit %o is %o a second", (limit, rate) => {
  expect(parseRate(limit)).toBe(rate);
});

test("one begins at once, the others in turn, and time without any is not saved up", () => {
  const limiter = new RateLimiter(10);
  expect(limiter.take(0)).toBe(0);
  expect(limiter.take(0)).toBe(100);
  expect(limiter.take(60)).toBe(40);
  expect(limiter.take(100)).toBe(0);
  expect(limiter.take(5_000)).toBe(0);
  expect(limiter.take(5_000)).toBeGreaterThan(0);
});
