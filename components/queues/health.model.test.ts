import { expect, it } from "vitest";
import { fineQueue, growingQueue, idleQueue } from "../../lib/testing/factories/queue.ts";
import { drainWords, oldestWords } from "./health.model.ts";

it("says how the age of the oldest message is known", () => {
  expect(oldestWords({ ms: 362_000, from: "at-least" })).toEqual({
    text: "≥ 6m 02s",
    known: "It was there when Perennial first looked: it may be older",
  });
  expect(oldestWords({ ms: 4_000, from: "sent" }).text).toBe("4.0 s");
});

it("tells when a queue will be empty, or that it never will", () => {
  expect(drainWords(fineQueue({ depth: 48, inPerMinute: 1_920, outPerMinute: 1_944 }))).toBe("2m 00s");
  expect(drainWords(growingQueue())).toBe("never");
  expect(drainWords(growingQueue({ outPerMinute: null }))).toBeNull();
  expect(drainWords(idleQueue({ inPerMinute: 0, outPerMinute: 0 }))).toBeNull();
});
