import { expect, test } from "vitest";
import { autoretryDelay } from "./autoretry.ts";

class Passing extends Error {}

test("a task runs again by itself after the errors that it names", () => {
  expect(autoretryDelay({ autoretryFor: [Passing] }, new Passing(), 0)).toBe(180);
  expect(autoretryDelay({ autoretryFor: [Passing], defaultRetryDelay: 5 }, new Passing(), 2)).toBe(5);
  expect(autoretryDelay({ autoretryFor: [Passing] }, new TypeError(), 0)).toBeNull();
  expect(autoretryDelay({}, new Passing(), 0)).toBeNull();
  expect(autoretryDelay({ autoretryFor: [Error], dontAutoretryFor: [Passing] }, new Passing(), 0)).toBeNull();
});

test("the delay doubles up to the longest", () => {
  const options = { retryBackoff: true, retryJitter: false, retryBackoffMax: 10 };
  expect([0, 1, 2, 3, 4, 5].map((retries) => autoretryDelay(options, new Error(), retries))).toEqual([1, 2, 4, 8, 10, 10]);
  expect(autoretryDelay({ ...options, retryBackoff: 3 }, new Error(), 1)).toBe(6);
});

test("jitter makes it anything up to that", () => {
  const options = { retryBackoff: 4 };
  expect([0, 0.5, 0.999].map((chance) => autoretryDelay(options, new Error(), 1, () => chance))).toEqual([0, 4, 8]);
});
