import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { runOf, type TaskEvent } from "../../model/event.ts";
import { CeleryApplication } from "../../testing/celery-application.ts";
import { FoldedKnown } from "../../testing/known.ts";
import { type RedisServer, withRedis } from "../../testing/redis-server.ts";
import { Malformed } from "./malformed.ts";
import { Runs } from "./runs.ts";
import { Unacked } from "./unacked.ts";

let server: RedisServer;
let app: CeleryApplication;
let known: FoldedKnown;
let runs: Runs;
let malformed: Malformed;
let unacked: Unacked;
let now: number;

beforeAll(async () => {
  server = await withRedis();
});
afterAll(async () => server.stop());
beforeEach(async () => {
  app = new CeleryApplication(server.url);
  await app.redis.flushall();
  known = new FoldedKnown();
  runs = new Runs(known);
  malformed = new Malformed(0);
  unacked = new Unacked(app.redis, app.keys, runs, known, malformed);
  now = Date.now();
});
afterEach(async () => app.end());

/** Two seconds later. */
async function look(): Promise<TaskEvent[]> {
  now += 2_000;
  const events = await unacked.look(now);
  known.sink(events);
  return events;
}

/** A worker tells that it received a task. */
function received(task: string, retries = 0, worker = "w1@h"): void {
  const run = runs.received(task, retries, worker, now);
  known.sink([{ type: "task.received", task, run, worker, at: now, seenAt: now, source: "event" }]);
}

describe("a message that a worker holds", () => {
  test("is told when nobody else does, once, with the time at which it was taken", async () => {
    await app.take({ id: "t" }, now - 60_000);
    expect(await look()).toEqual([]);
    expect(unacked.holds("t")).toBe(true);
    const [held] = await look();
    expect(held).toMatchObject({
      type: "task.held",
      task: "t",
      source: "unacked",
      run: 0,
      queue: "celery",
      payload: { raw: app.message({ id: "t" }) },
    });
    expect(Math.round(held?.at ?? 0)).toBe(now - 64_000);
    expect(await look()).toEqual([]);
  });

  test("is not told when its worker told that it received it", async () => {
    received("t");
    await app.take({ id: "t" });
    expect([...(await look()), ...(await look())]).toEqual([]);
    expect(unacked.holds("t")).toBe(true);
  });

  test("of the next attempt is told although the one before was received", async () => {
    received("t", 0);
    await app.take({ id: "t", retries: 1 });
    await look();
    expect(await look()).toMatchObject([{ task: "t", run: runOf(1, 0), retries: 1 }]);
  });

  test("whose worker's clock is an hour ahead is told all the same", async () => {
    await app.take({ id: "t" }, now + 3_600_000);
    await look();
    expect(await look()).toMatchObject([{ task: "t" }]);
  });

  test("is no longer held once it is acknowledged", async () => {
    await app.take({ id: "t" });
    await look();
    await app.acknowledge("t");
    await look();
    expect(unacked.holds("t")).toBe(false);
    expect(unacked.summary).toEqual({ count: 0, oldestAt: null });
  });

  test("with an odd id is known by it", async () => {
    const id = 'a "quoted" \\ ünïcode 🌷';
    await app.take({ id });
    await look();
    expect(unacked.holds(id)).toBe(true);
  });
});

describe("a message that was restored and taken again", () => {
  test("is another delivery when its first worker fell silent", async () => {
    received("t");
    await app.take({ id: "t" }, now);
    await look();
    await look();
    await app.take({ id: "t", redelivered: true }, now + 1);
    await look();
    expect(await look()).toMatchObject([{ type: "task.held", task: "t", run: runOf(0, 1) }]);
    expect(await look()).toEqual([]);
  });

  test("is not when its new worker told that it received it", async () => {
    received("t");
    await app.take({ id: "t" }, now);
    await look();
    now += 500;
    received("t", 0, "w2@h");
    await app.take({ id: "t", redelivered: true }, now);
    const told = [...(await look()), ...(await look())];
    expect(told.every(({ run }) => run === runOf(0, 1))).toBe(true);
    expect(known.task("t")).toMatchObject({ run: runOf(0, 1), worker: "w2@h" });
  });

  test("is none when a worker only refreshed the time at which it took it", async () => {
    received("t");
    await app.take({ id: "t" }, now);
    await look();
    await app.take({ id: "t" }, now + 60_000);
    expect([...(await look()), ...(await look())]).toEqual([]);
  });
});

test("counts what is held, and since when", async () => {
  await app.take({ id: "a" }, now - 5_000);
  await app.take({ id: "b" }, now);
  await look();
  const { count, oldestAt } = unacked.summary;
  expect([count, Math.round(oldestAt ?? 0)]).toEqual([2, now - 7_000]);
  expect(unacked.complete).toBe(true);
});

describe("what cannot be looked at whole is said not to be", () => {
  test("more than may be read", async () => {
    const { unackedIndex } = app.keys;
    for (let part = 0; part < 51; part++)
      await app.redis.zadd(unackedIndex, ...Array.from({ length: 1_000 }, (_, i) => [part, `${part}-${i}`]).flat());
    await look();
    expect(unacked.complete).toBe(false);
    expect(unacked.summary.count).toBe(51_000);
  });

  test("keys of another type", async () => {
    await app.redis.set(app.keys.unackedIndex, "no sorted set");
    expect(await look()).toEqual([]);
    expect(unacked.complete).toBe(false);
    await app.redis.del(app.keys.unackedIndex);
    await app.redis.zadd(app.keys.unackedIndex, 1, "tag");
    await app.redis.set(app.keys.unacked, "no hash");
    expect(await look()).toEqual([]);
    expect(unacked.complete).toBe(false);
    expect(malformed.take(now).map(({ details }) => details)).toEqual([
      expect.stringContaining("is no sorted set"),
      expect.stringContaining("is no hash"),
    ]);
  });

  test("messages longer than there is time for", async () => {
    const argsJson = JSON.stringify(["x".repeat(3_000_000)]);
    for (const id of ["a", "b", "c", "d", "e"]) await app.take({ id, argsJson });
    await look();
    expect(unacked.complete).toBe(false);
    for (let i = 0; i < 5 && !unacked.complete; i++) await look();
    expect(unacked.complete).toBe(true);
  });
});

test("broken messages are told once, and are no reason not to know the others", async () => {
  await app.redis.multi().zadd(app.keys.unackedIndex, 1, "bad").hset(app.keys.unacked, "bad", "garbage").exec();
  await app.take({ id: "t" });
  for (let i = 0; i < 3; i++) await look();
  expect(malformed.take(now)).toMatchObject([{ count: 1, details: expect.stringContaining("garbage") }]);
  expect([unacked.holds("t"), unacked.complete]).toEqual([true, true]);
});

test("sampling thousands of tasks that wait for their time is seldom, looking is not", async () => {
  const tags = Array.from({ length: 20_000 }, (_, i) => [1, `tag ${i}`]).flat();
  await app.redis.zadd(app.keys.unackedIndex, ...tags);
  await unacked.sample(now);
  await app.redis.config("RESETSTAT");
  for (let second = 1; second <= 9; second++) await unacked.sample(now + second * 1_000);
  expect(await app.redis.info("commandstats")).not.toContain("zrange:");
  await unacked.look(now + 9_500);
  expect(await app.redis.info("commandstats")).toContain("zrange:calls=1");
});

test("two that look at once get what there is only once", async () => {
  await app.take({ id: "t" });
  await look();
  const both = await Promise.all([unacked.look(now + 2_000), unacked.look(now + 2_000)]);
  expect(both.flat()).toHaveLength(1);
});

test("a failure in between loses nothing that was read", async () => {
  await app.take({ id: "t" });
  await look();
  const { redis } = app;
  const zrange = redis.zrange.bind(redis);
  redis.zrange = () => Promise.reject(new Error("Connection is closed."));
  await expect(unacked.look(now + 2_000)).rejects.toThrow(/onnection|max retries/);
  expect(unacked.complete).toBe(false);
  redis.zrange = zrange;
  expect(await look()).toHaveLength(1);
});
