import { describe, expect, test } from "vitest";
import { type QueueFacts, queueHealth, urgencyOf } from "./queue-health.ts";

const NOW = Date.UTC(2026, 5, 1, 14, 2);
const MINUTE = 60_000;

/** Depths every 10 s, the last one now. */
function depths(...values: number[]): QueueFacts["history"] {
  return values.map((depth, index) => ({ at: NOW - (values.length - 1 - index) * 10_000, depth }));
}

function facts(given: Partial<QueueFacts>): QueueFacts {
  const history = given.history ?? [];
  return {
    depth: history.at(-1)?.depth ?? 0,
    history,
    oldest: null,
    consumers: ["w1@a"],
    inPerMinute: null,
    outPerMinute: null,
    sampledAt: NOW,
    ...given,
  };
}

const rising = depths(...Array.from({ length: 31 }, (_, index) => 100 + index * 7));
const flat = depths(...Array.from({ length: 31 }, () => 40));
const drained = depths(...Array.from({ length: 31 }, (_, index) => (index < 24 ? index * 10 : 240 - (index - 23) * 25)));

describe("a queue is", () => {
  const cases: [string, Partial<QueueFacts>, string, string][] = [
    ["never read", { sampledAt: null }, "unknown", "Not read yet."],
    ["not read for long", { sampledAt: NOW - 3 * MINUTE, depth: 5 }, "unknown", "Not read for 3 min."],
    ["empty", { depth: 0, consumers: [] }, "idle", "Empty."],
    ["without consumers", { depth: 12, consumers: [] }, "unconsumed", "No worker that is alive consumes it; 12 messages wait."],
    ["growing", { history: rising }, "growing", "Grows by 42 a minute; 310 messages wait."],
    [
      "growing with old messages",
      { history: rising, oldest: { ms: 6 * MINUTE, from: "at-least" }, outPerMinute: 200 },
      "growing",
      "Grows by 42 a minute; 310 messages wait, the oldest for at least 6 min.",
    ],
    ["draining after a burst", { history: drained, outPerMinute: 150 }, "fine", "What waits is taken within 26 s at the present rate."],
    [
      "stuck",
      { history: flat, oldest: { ms: 30 * MINUTE, from: "sent" }, outPerMinute: 0 },
      "stuck",
      "Nothing has left it for at least 5 min; 40 messages wait.",
    ],
    [
      "slow but moving",
      { history: flat, oldest: { ms: 30 * MINUTE, from: "sent" }, outPerMinute: 2 },
      "fine",
      "What waits is taken within 20 min at the present rate.",
    ],
    [
      "just seen for the first time",
      { depth: 1, oldest: { ms: 9 * MINUTE, from: "sent" } },
      "fine",
      "1 message waits, the oldest for 9 min.",
    ],
    ["of unknown consumers", { history: flat, consumers: null }, "fine", "40 messages wait."],
  ];
  test.each(cases)("%s", (_, given, health, reason) => {
    expect(queueHealth(facts(given), NOW)).toEqual({ health, reason });
  });
});

test("the worst health sorts first", () => {
  const order = (["fine", "idle", "growing", "unconsumed"] as const).toSorted((a, b) => urgencyOf(a) - urgencyOf(b));
  expect(order).toEqual(["unconsumed", "growing", "fine", "idle"]);
});
