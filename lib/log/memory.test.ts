import { describe, expect, it } from "vitest";
import { logConformance, someEvents } from "./conformance.ts";
import { EventLog } from "./event-log.ts";
import { MemoryData, MemoryStore } from "./memory/store.ts";

describe("a log in memory", () => {
  logConformance(async () => {
    const data = new MemoryData();
    return async () => new EventLog(new MemoryStore(null, data));
  });

  it("never takes more than its bound: the oldest events make room", async () => {
    const log = new EventLog(new MemoryStore("asked for", new MemoryData(), 100_000));
    await log.lead(30_000);
    for (let i = 0; i < 20; i++) await log.append(someEvents(1_000, i * 1_000));
    const { first, next, bytes } = await log.extent();
    expect(next).toBe(20_001);
    expect(first).toBeGreaterThan(1);
    expect(bytes).toBeLessThan(120_000);
    expect(log.store).toEqual({ kind: "memory", note: "asked for" });
  });
});
