import { describe, expect, it } from "vitest";
import { testMonitor } from "../testing/monitor.ts";
import { readiness } from "./readiness.ts";

describe("a replica is ready", () => {
  it("when it hears and has read its history", () => {
    expect(readiness(testMonitor().monitor)).toEqual({ isReady: true, brokers: [{ name: "prod", isReady: true, reason: "Watching." }] });
  });

  it.each([
    [{ connected: false }, "Not connected to the broker."],
    [{ problem: "Redis at redis://h/0 does not answer" }, "Redis at redis://h/0 does not answer"],
    [{ replaying: { done: 5, of: 10 } }, "Reading the history: 5 of 10 events."],
  ])("not while %j", (trouble, reason) => {
    const test = testMonitor();
    test.health = { ...test.health, ...trouble };
    expect(readiness(test.monitor)).toEqual({ isReady: false, brokers: [{ name: "prod", isReady: false, reason }] });
  });
});
