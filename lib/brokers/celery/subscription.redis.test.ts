import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { LogEvent } from "../../model/event.ts";
import { connectRedis } from "../../redis.ts";
import { type RedisServer, withRedis } from "../../testing/redis-server.ts";
import { Subscription } from "./subscription.ts";

let server: RedisServer;
let redis: Redis;
const cleanUp: (() => unknown)[] = [];

beforeAll(async () => {
  server = await withRedis();
  redis = new Redis(server.url);
});
afterEach(async () => {
  for (const clean of cleanUp.splice(0).toReversed()) await clean();
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

/** A subscription to `/0.celeryev/*` and `plain`, with what it hears. */
async function listening(url = server.url) {
  const connection = connectRedis(url, { name: "test", blocking: true });
  const subscription = new Subscription(connection, "events");
  const heard: string[] = [];
  const gaps: LogEvent[] = [];
  let stood = 0;
  let waiting: (() => void)[] = [];
  const changed = (): void => waiting.forEach((look) => look());
  const until = async (check: () => boolean): Promise<void> => {
    if (check()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error("nothing came")), 20_000);
    const look = (): void => {
      if (check()) resolve();
    };
    waiting.push(look);
    await promise;
    clearTimeout(timer);
    waiting = waiting.filter((one) => one !== look);
  };
  const ended = new AbortController();
  const running = subscription.run(
    {
      patterns: ["/0.celeryev/*"],
      channels: ["plain"],
      onMessage: (channel, message) => {
        heard.push(`${channel} ${message.toString("latin1")}`);
        changed();
      },
      onGap: (gap) => {
        gaps.push(gap);
        changed();
      },
      onStanding: () => {
        stood += 1;
        changed();
      },
    },
    ended.signal,
  );
  cleanUp.push(async () => {
    ended.abort();
    await running;
    connection.disconnect();
  });
  await until(() => stood > 0);
  return { subscription, heard, gaps, until, running, ended, stood: () => stood };
}

async function killSubscribers(): Promise<void> {
  await redis.call("CLIENT", "KILL", "TYPE", "pubsub");
}

describe("a subscription", () => {
  test("hears what is published, byte by byte, by pattern and by name", async () => {
    const { heard, until, gaps, subscription } = await listening();
    await redis.publish("/0.celeryev/task.multi", Buffer.from([0xff, 0x00, 0x41]));
    await redis.publish("plain", "b");
    await redis.publish("/1.celeryev/task.multi", "another database");
    await until(() => heard.length === 2);
    expect(heard).toEqual(["/0.celeryev/task.multi \xff\0A", "plain b"]);
    expect(gaps).toEqual([]);
    expect(subscription.state).toMatchObject({ connected: true, problem: null });
  });

  test("comes back at once when its connection is killed, and tells from when to when it was deaf", async () => {
    const { heard, until, gaps, stood } = await listening();
    const before = Date.now();
    await killSubscribers();
    await until(() => gaps.length === 1);
    const [gap] = gaps;
    expect(gap).toMatchObject({ type: "log.gap", source: "leader", fromAt: expect.any(Number) });
    expect(gap?.at).toBeGreaterThanOrEqual(before);
    expect((gap?.at ?? 0) - before).toBeLessThan(3_000);
    expect(gap?.fromAt).toBeLessThanOrEqual(gap?.at ?? 0);
    expect(JSON.parse(gap?.details ?? "")).toMatchObject({ where: "events", reason: expect.stringContaining("down") });
    await redis.publish("plain", "again");
    await until(() => heard.length === 1);
    expect(stood()).toBe(2);
  });

  test("hears each message once after it came back several times", async () => {
    const { heard, until, gaps } = await listening();
    for (let kill = 1; kill <= 3; kill++) {
      await killSubscribers();
      await until(() => gaps.length === kill);
    }
    await redis.publish("plain", "one");
    await redis.publish("plain", "two");
    await until(() => heard.length === 2);
    expect(heard).toEqual(["plain one", "plain two"]);
  });

  test("says that Redis does not answer while it does not, and does not lose what was held back", async () => {
    const { heard, until, gaps, subscription } = await listening();
    const paused = redis.call("CLIENT", "PAUSE", "6000", "ALL");
    await paused;
    await expect
      .poll(() => subscription.state, { timeout: 6_000, interval: 100 })
      .toMatchObject({
        connected: false,
        problem: expect.stringContaining("does not answer"),
      });
    await redis.publish("plain", "held back");
    await until(() => heard.length === 1 && subscription.state.connected);
    expect(gaps).toEqual([]);
    expect(subscription.state).toMatchObject({ connected: true, problem: null });
  });

  test("ends at once, and listens to nothing after", async () => {
    const { ended, running, heard } = await listening();
    const before = Date.now();
    ended.abort();
    await running;
    expect(Date.now() - before).toBeLessThan(500);
    await redis.publish("plain", "late");
    await redis.ping();
    expect(heard).toEqual([]);
  });
});

test("a subscription to a Redis that is not there yet stands as soon as it is, and tells no gap before that", async () => {
  const first = await withRedis();
  await first.stop();
  const connection = connectRedis(first.url, { name: "test", blocking: true });
  const subscription = new Subscription(connection, "events");
  const ended = new AbortController();
  const gaps: LogEvent[] = [];
  const { promise: stands, resolve } = Promise.withResolvers<void>();
  const running = subscription.run(
    { patterns: ["a*"], channels: [], onMessage: () => undefined, onGap: (gap) => gaps.push(gap), onStanding: resolve },
    ended.signal,
  );
  await expect.poll(() => subscription.state.problem, { timeout: 5_000 }).toMatch(/ECONNREFUSED/);
  const second = await withRedis({ port: first.port });
  await stands;
  expect(subscription.state).toMatchObject({ connected: true, problem: null });
  expect(gaps).toEqual([]);
  ended.abort();
  await running;
  connection.disconnect();
  await second.stop();
});
