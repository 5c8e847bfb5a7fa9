import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { reasonOf } from "../errors.ts";
import { redisLogs } from "../testing/redis-logs.ts";
import { type RedisServer, withRedis } from "../testing/redis-server.ts";
import { codeOf, someEvent, someEvents } from "./conformance.ts";

const NO_LIMITS = { maxAgeMs: Infinity, maxBytes: Infinity, maxTasks: Infinity };

const { freshName, open, leading, LEASE_MS } = await redisLogs();

describe("a Redis that is full", () => {
  const MB = 1024 * 1024;
  let small: RedisServer;
  let admin: Redis;
  beforeAll(async () => {
    small = await withRedis({ config: { maxmemory: "16mb", "maxmemory-policy": "noeviction" } });
    admin = new Redis(small.url);
  });
  afterAll(async () => {
    admin.disconnect();
    await small.stop();
  });
  afterEach(async () => {
    await admin.config("SET", "maxmemory", "16mb");
    await admin.flushall();
  });
  const used = async (): Promise<number> => Number(/used_memory:(\d+)/.exec(await admin.info("memory"))?.[1]);

  it("takes a lease, renews it, seals and trims although it refuses to store", async () => {
    const name = freshName();
    const log = await leading(name, small.url);
    await log.append(someEvents(3_000));
    await log.append(someEvents(500, 3_000));
    await log.resign();
    await admin.config("SET", "maxmemory", Math.floor((await used()) / 2));
    await expect(admin.set("x", "y")).rejects.toThrow(/OOM/);

    const heir = await open(name, small.url);
    expect(heir.store.kind).toBe("redis");
    expect(await heir.lead(LEASE_MS)).toBe(true);
    expect(await heir.lead(LEASE_MS)).toBe(true);
    const before = await used();
    await heir.seal();
    expect(await heir.trimmable(NO_LIMITS, Date.now())).toBeGreaterThan(3_000);
    expect(await heir.trim(2_001)).toBe(2_001);
    expect(await used()).toBeLessThan(before);
    expect(await codeOf(heir.append(someEvents(1, 9_000)))).toBe("unavailable");
    expect(await heir.append([]).catch(reasonOf)).toMatch(/% full/);

    await admin.config("SET", "maxmemory", "16mb");
    expect(await heir.append(someEvents(1, 9_000))).toBe(3_501);
  });

  it("is never filled by the log: it gives back its oldest segments, and pauses when others leave no room", async () => {
    const name = freshName();
    const log = await leading(name, small.url);
    expect(log.defaultMaxBytes).toBe(Math.floor(1.6 * MB));
    let stored = 0;
    let paused = "";
    for (let i = 0; i < 400 && paused === ""; i++) {
      const events = Array.from({ length: 500 }, (_, k) => someEvent(i * 500 + k, { payload: { result: randomText(400) } }));
      try {
        await log.append(events);
        stored += events.length;
      } catch (error) {
        paused = reasonOf(error);
      }
    }
    expect(paused).toMatch(/% full/);
    expect(await used()).toBeLessThan(15 * MB);
    expect(stored).toBeGreaterThan(5_000);

    const before = await log.trimmable(NO_LIMITS, Date.now());
    expect(before).toBeGreaterThan(1);
    await log.trim(before);
    expect(await used()).toBeLessThan(13.2 * MB);
    expect(await log.append(someEvents(10, 1_000_000))).toBe(stored + 1);
    expect(await log.trimmable(NO_LIMITS, Date.now())).toBe((await log.extent()).first);
  });
});

function randomText(length: number): string {
  return Array.from({ length }, () => Math.floor(Math.random() * 36).toString(36)).join("");
}
