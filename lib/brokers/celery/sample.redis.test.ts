import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { QueueSample, Sample } from "../../log/log.ts";
import { runOf, type TaskEvent } from "../../model/event.ts";
import { CeleryApplication, type MessageOptions } from "../../testing/celery-application.ts";
import { FoldedKnown } from "../../testing/known.ts";
import { type RedisServer, withRedis } from "../../testing/redis-server.ts";
import { Malformed } from "./malformed.ts";
import { QueueNames } from "./queue-names.ts";
import { QueueReader } from "./queue-reader.ts";
import { Runs } from "./runs.ts";
import { Sampler } from "./sample.ts";
import { Unacked } from "./unacked.ts";

let server: RedisServer;
let app: CeleryApplication;
let known: FoldedKnown;
let runs: Runs;
let names: QueueNames;
let sampler: Sampler;
/** The clock of the looks: two seconds go by before each. */
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
  const malformed = new Malformed(0);
  const { redis, keys } = app;
  names = new QueueNames(redis, keys, malformed);
  names.add("celery");
  const reader = new QueueReader(redis, runs, known, malformed);
  sampler = new Sampler({ redis, keys, names, reader, unacked: new Unacked(redis, keys, runs, known, malformed), malformed });
  now = Date.now();
});
afterEach(async () => app.end());

interface Look {
  queue: QueueSample;
  /** Ids of the tasks that were told to wait, in order. */
  waiting: string[];
  events: TaskEvent[];
  malformed: string[];
  sample: Sample;
}

async function look(): Promise<Look> {
  now += 2_000;
  const { sample, events } = await sampler.take(now);
  known.sink(events);
  const tasks = events.filter((event): event is TaskEvent => event.type === "task.waiting");
  const malformed = events.filter(({ type }) => type === "log.malformed").map(({ details = "" }) => details);
  const queue = sample.queues.find(({ name }) => name === "celery") ?? { name: "none", byPriority: [] };
  return { queue, waiting: tasks.map(({ task }) => task), events: tasks, malformed, sample };
}

const many = (count: number, from = 0): MessageOptions[] => Array.from({ length: count }, (_, i) => ({ id: `${from + i}` }));
const consume = async (count: number): Promise<void> => void (await app.redis.rpop("celery", count));
const since = (oldest: QueueSample["oldest"]) => oldest && { secondsAgo: (now - oldest.at) / 1000, from: oldest.from };

describe("each waiting message is told once", () => {
  test("as it comes, the first first", async () => {
    await app.send({ id: "a" }, { id: "b" });
    expect((await look()).waiting).toEqual(["a", "b"]);
    expect((await look()).waiting).toEqual([]);
    await app.send({ id: "c" });
    const { waiting, events } = await look();
    expect(waiting).toEqual(["c"]);
    expect(events).toMatchObject([
      { queue: "celery", name: "tasks.add", run: 0, source: "queue", at: now, payload: { raw: app.message({ id: "c" }) } },
    ]);
  });

  test("over all priorities", async () => {
    await app.send({ id: "low", priority: 9 }, { id: "high", priority: 0 }, { id: "middle", priority: 4 });
    const { waiting, queue } = await look();
    expect(waiting).toEqual(["high", "middle", "low"]);
    expect(queue.byPriority).toEqual([
      { priority: 0, depth: 1 },
      { priority: 3, depth: 1 },
      { priority: 6, depth: 0 },
      { priority: 9, depth: 1 },
    ]);
  });

  test("while workers take others", async () => {
    await app.send(...many(10));
    expect((await look()).waiting).toHaveLength(10);
    await consume(7);
    await app.send(...many(3, 10));
    expect((await look()).waiting).toEqual(["10", "11", "12"]);
  });

  test("also when all that was seen is gone", async () => {
    await app.send(...many(10));
    await look();
    await consume(10);
    await app.send(...many(5, 10));
    expect((await look()).waiting).toEqual(["10", "11", "12", "13", "14"]);
  });

  test("in a long queue as far as there is time for, and the rest when the queue drains towards it", async () => {
    await app.send(...many(3_000));
    const first = (await look()).waiting;
    expect(first.length).toBeGreaterThan(900);
    expect(first.length).toBeLessThan(1_500);
    // The next to be taken, and the newest.
    expect(first).toEqual(expect.arrayContaining(["0", "2999"]));
    const told = new Set(first);
    for (let round = 0; round < 8; round++) {
      await consume(400);
      for (const id of (await look()).waiting) {
        expect(told.has(id)).toBe(false);
        told.add(id);
      }
    }
    expect(told.size).toBe(3_000);
  });

  test("again when a worker gives it back, as another delivery that waits before all others", async () => {
    await app.send({ id: "a" }, { id: "b" }, { id: "c" });
    await look();
    await consume(2);
    for (const id of ["a", "b"]) runs.received(id, 0, "w1@h", now);
    await look();
    await app.redis.rpush("celery", app.message({ id: "b", redelivered: true }), app.message({ id: "a", redelivered: true }));
    const { waiting, events, queue } = await look();
    expect(waiting.toSorted()).toEqual(["a", "b"]);
    expect(events.map(({ run }) => run)).toEqual([runOf(0, 1), runOf(0, 1)]);
    expect(queue.byPriority[0]?.depth).toBe(3);
    expect((await look()).waiting).toEqual([]);
  });

  test("again when it is put back at the end of the queue between two looks", async () => {
    await app.send({ id: "a" }, { id: "b" });
    await look();
    await consume(1);
    runs.received("a", 0, "w1@h", now);
    await app.redis.lpush("celery", app.message({ id: "a", redelivered: true }));
    const { events } = await look();
    expect(events).toMatchObject([{ task: "a", run: runOf(0, 1) }]);
  });
});

describe("the oldest message", () => {
  test("that lay there when we first looked waits at least since then", async () => {
    await app.send({ id: "a" });
    expect(since((await look()).queue.oldest)).toEqual({ secondsAgo: 0, from: "at-least" });
    await look();
    expect(since((await look()).queue.oldest)).toEqual({ secondsAgo: 4, from: "at-least" });
  });

  test("that came while we watched is aged exactly", async () => {
    await look();
    await app.send({ id: "a" });
    expect(since((await look()).queue.oldest)).toEqual({ secondsAgo: 0, from: "watched" });
    expect(since((await look()).queue.oldest)).toEqual({ secondsAgo: 2, from: "watched" });
  });

  test("keeps its age until it is taken, and the next has its own", async () => {
    await look();
    await app.send({ id: "a" });
    await look();
    await app.send({ id: "b" });
    expect(since((await look()).queue.oldest)).toEqual({ secondsAgo: 2, from: "watched" });
    await consume(1);
    expect(since((await look()).queue.oldest)).toEqual({ secondsAgo: 2, from: "watched" });
  });

  test("of which its producer told is aged by that", async () => {
    known.sink([{ type: "task.sent", task: "a", at: now - 60_000, seenAt: now, source: "event" }]);
    await app.send({ id: "a" });
    expect(since((await look()).queue.oldest)).toEqual({ secondsAgo: 62, from: "sent" });
  });

  test("is never from the future, however wrong its producer's clock is", async () => {
    known.sink([{ type: "task.sent", task: "a", at: now + 3_600_000, seenAt: now, source: "event" }]);
    await app.send({ id: "a" });
    expect(since((await look()).queue.oldest)).toEqual({ secondsAgo: 0, from: "sent" });
  });

  test("among several priorities is the oldest of all", async () => {
    await look();
    await app.send({ id: "a", priority: 9 });
    await look();
    await app.send({ id: "b" });
    await look();
    expect(since((await look()).queue.oldest)).toEqual({ secondsAgo: 4, from: "watched" });
  });

  test("of a queue that fills faster than it is read came when it filled", async () => {
    await look();
    await app.send(...many(3_000));
    await look();
    await consume(1_500);
    expect(since((await look()).queue.oldest)).toEqual({ secondsAgo: 2, from: "watched" });
  });

  test("that a worker gave back is at least as old as we see it, and those behind it keep their age", async () => {
    await look();
    await app.send({ id: "a" }, { id: "b" });
    await look();
    await consume(1);
    await look();
    await app.redis.rpush("celery", app.message({ id: "a", redelivered: true }));
    expect(since((await look()).queue.oldest)).toEqual({ secondsAgo: 0, from: "at-least" });
    await consume(1);
    expect(since((await look()).queue.oldest)).toEqual({ secondsAgo: 6, from: "watched" });
  });

  test("is none when nothing waits", async () => {
    await app.send({ id: "a" });
    await look();
    await consume(1);
    expect((await look()).queue).not.toHaveProperty("oldest");
  });
});

test("lists that expire tell how long they have", async () => {
  await app.send({ id: "a" });
  await app.redis.pexpire("celery", 60_000);
  const { queue } = await look();
  expect(queue.expiresInMs).toBeGreaterThan(50_000);
  expect(queue.expiresInMs).toBeLessThanOrEqual(60_000);
});

describe("what is wrong is told once, and costs nothing else", () => {
  test("a key of another type", async () => {
    await app.redis.set("celery\x06\x163", "no list");
    await app.redis.set("unacked_index", "no sorted set");
    await app.send({ id: "a" });
    const { waiting, malformed } = await look();
    expect(waiting).toEqual(["a"]);
    expect(malformed.join()).toContain("is no list");
    expect(malformed.join()).toContain("is no sorted set");
  });

  test("messages that are none", async () => {
    await app.redis.lpush("celery", "garbage", "{}", app.message({ id: "a" }), "garbage");
    const { waiting, malformed, queue } = await look();
    expect(waiting).toEqual(["a"]);
    expect(malformed.length).toBeGreaterThan(0);
    expect(queue.byPriority[0]?.depth).toBe(4);
    expect((await look()).malformed).toEqual([]);
  });

  test("a message of many megabytes", async () => {
    await app.send({ id: "big", argsJson: JSON.stringify(["x".repeat(20_000_000)]) }, ...many(5));
    const { waiting } = await look();
    expect(waiting).toEqual(expect.arrayContaining(["0", "4"]));
  });
});

describe("when Redis fails", () => {
  test("in the middle of a look, nothing that was read is lost", async () => {
    await app.send(...many(5));
    await app.redis.set("fails", "");
    const { redis } = app;
    const info = redis.info.bind(redis);
    redis.info = () => Promise.reject(new Error("Connection is closed."));
    await expect(look()).rejects.toThrow("Connection is closed.");
    redis.info = info;
    expect((await look()).waiting).toEqual(["0", "1", "2", "3", "4"]);
  });
});

test("Redis' own state is told", async () => {
  const { sample } = await look();
  expect(sample.redis).toMatchObject({
    usedBytes: expect.any(Number),
    maxBytes: null,
    policy: "noeviction",
    version: expect.stringMatching(/^\d/),
  });
});

test("of thousands of queues a part is looked at each time, those that hold something always, and it stays cheap", async () => {
  for (let i = 0; i < 5_000; i++) names.add(`q${i}`);
  await app.send(...many(10).map((message) => ({ ...message, queue: "q4321" })));
  const seen = new Set<string>();
  for (let i = 0; i < 12; i++) for (const { name } of (await look()).sample.queues) seen.add(name);
  expect(seen.size).toBe(5_001);
  await app.redis.config("RESETSTAT");
  const { sample } = await look();
  expect(sample.queues.length).toBeLessThanOrEqual(500);
  expect(sample.queues.find(({ name }) => name === "q4321")?.byPriority[0]?.depth).toBe(10);
  expect(await commandsSince()).toBeLessThan(40);
});

test("of thousands of queues that all hold something the deepest is always looked at, and its messages are told once", async () => {
  const queues = Array.from({ length: 3_000 }, (_, i) => `q${i}`);
  for (const queue of queues) names.add(queue);
  await app.send(...queues.map((queue) => ({ id: queue, queue })), ...many(300));
  const told: string[] = [];
  for (let i = 0; i < 12; i++) {
    const { sample, waiting } = await look();
    told.push(...waiting);
    if (i > 6) expect(sample.queues.find(({ name }) => name === "celery")?.byPriority[0]?.depth).toBe(300);
  }
  expect(told.toSorted()).toEqual([...queues, ...many(300).map(({ id }) => id)].toSorted());
});

async function commandsSince(): Promise<number> {
  const stats = await app.redis.info("commandstats");
  const calls = [...stats.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)].filter(([, name]) => name !== "info" && name !== "config|resetstat");
  return calls.reduce((sum, [, , count]) => sum + Number(count), 0);
}
