import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import type { Redis } from "ioredis";
import { connectRedis, disconnect } from "../lib/redis.ts";
import { type RedisServer, withRedis } from "../lib/testing/redis-server.ts";
import { celeryKeys } from "../lib/wire/celery/keys.ts";
import { QueueCycle } from "./broker/queue-cycle.ts";
import { take } from "./broker/take.ts";
import { askAll } from "./control/broadcast.ts";
import { Celery, type CeleryOptions, Ignore, type WorkerOptions } from "./index.ts";
import { chordSignature, groupSignature } from "./producer/signature.ts";

let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await withRedis();
  redis = connectRedis(server.url, { name: "test" });
});

afterAll(async () => {
  disconnect(redis);
  await server.stop();
});

beforeEach(() => redis.flushall());

function application(options: Partial<CeleryOptions> = {}): Celery {
  const app = new Celery({ broker: `${server.url}/0`, backend: `${server.url}/1`, log: () => {}, ...options });
  onTestFinished(() => app.close());
  return app;
}

/** A worker that ends with the test, or before. */
function start(app: Celery, options: WorkerOptions = {}) {
  const stop = new AbortController();
  const cold = new AbortController();
  const ended = app.worker({ mingle: false, ...options }).run(stop.signal, cold.signal);
  const end = async () => {
    stop.abort();
    await ended;
  };
  onTestFinished(end);
  return { end, stop, cold, ended };
}

async function held(): Promise<number> {
  return redis.hlen("unacked");
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(20);
}

test("a task gives its result to whoever sent it", async () => {
  const app = application();
  const add = app.task("add", (_ctx, x: number, y: number) => x + y);
  start(app);
  const result = await add.delay(2, 3);
  expect(await result.get({ timeout: 10_000 })).toBe(5);
  expect(await result.state()).toBe("SUCCESS");
  expect(await held()).toBe(0);
  await result.forget();
  expect(await result.state()).toBe("PENDING");
});

test("a failure is thrown where its result is asked for", async () => {
  const app = application();
  const fail = app.task("fail", () => {
    throw new RangeError("too far");
  });
  start(app);
  await expect((await fail.delay()).get({ timeout: 10_000 })).rejects.toMatchObject({
    name: "RangeError",
    message: "too far",
    state: "FAILURE",
  });
});

test("the part that ends a chord is the parent of its body", async () => {
  const app = application();
  const part = app.task("part", (ctx) => ctx.id);
  const body = app.task("body", (ctx, parts: string[]) => [ctx.parentId, ctx.rootId, ...parts]);
  start(app, { concurrency: 1 });
  const chord = chordSignature(groupSignature([part.signature([]), part.signature([])]), body.signature([]));
  const [parent, root, first, second] = (await (await app.send<string[]>(chord)).get({ timeout: 10_000 })) ?? [];
  expect([first, second]).toContain(parent);
  expect(root).toBe(parent);
});

test("a retry at once has no eta, a later one has", async () => {
  const app = application();
  const again = app.task("again", (ctx, countdown: number) => (ctx.retries === 0 ? ctx.retry({ countdown }) : ctx.request.etaAt !== null));
  start(app);
  expect(await (await again.delay(0)).get({ timeout: 10_000 })).toBe(false);
  expect(await (await again.delay(0.01)).get({ timeout: 10_000 })).toBe(true);
});

test("a message with a lone surrogate is run like any other", async () => {
  const app = application();
  const echo = app.task("echo", (_ctx, text: string) => text);
  start(app);
  expect(await (await echo.delay("\ud800 and \\ud800")).get({ timeout: 10_000 })).toBe("\ud800 and \\ud800");
  await until(async () => (await held()) === 0);
});

test("remote control adds a queue with an exchange and a routing key, and the worker's ear goes with it", async () => {
  const app = application();
  const worker = start(app);
  const { keys, clock } = { keys: app.settings.keys, clock: app.clock };
  const ears = () => redis.smembers(keys.bindings("celeryev"));
  await until(async () => (await ears()).length === 1);
  const command = { method: "add_consumer" as const, arguments: { queue: "routed", exchange: "x", routing_key: "rk" } };
  const listener = app.connections.brokerListener("test");
  onTestFinished(() => disconnect(listener));
  await until(async () => (await askAll(listener, keys, clock, command, 1_000)).length === 1);
  await until(async () => (await redis.smembers(keys.bindings("x"))).length === 1);
  expect(await redis.smembers(keys.bindings("x"))).toEqual(["rk\x06\x16\x06\x16routed"]);
  await worker.end();
  expect(await ears()).toEqual([]);
});

test("lost connections lose nothing, and run nothing twice", { timeout: 60_000 }, async () => {
  const app = application();
  const runs = new Map<number, number>();
  const count = app.task("count", async (_ctx, number: number) => {
    runs.set(number, (runs.get(number) ?? 0) + 1);
    await delay(10);
    return number;
  });
  const producer = application();
  const remote = producer.remoteTask<[number], number>(count.name);
  start(app, { concurrency: 8 });
  const numbers = Array.from({ length: 500 }, (_, number) => number);
  for (const number of numbers) await remote.delay(number);
  // The producer is done: every connection that is cut now is the worker's.
  producer.close();
  while (runs.size < numbers.length) {
    for (const type of ["normal", "pubsub"] as const) await redis.call("CLIENT", "KILL", "TYPE", type, "SKIPME", "yes");
    await delay(40);
  }
  await until(async () => (await held()) === 0);
  expect([...runs.values()].every((times) => times === 1)).toBe(true);
});

test("a message whose taking was answered into the void is taken by the next attempt, once", async () => {
  const keys = celeryKeys();
  const app = application();
  await app.remoteTask("any").delay();
  const cutting = connectRedis(server.url, { name: "cut" });
  onTestFinished(() => disconnect(cutting));
  await cutting.ping();
  const id = await cutting.client("ID");
  // The kill is carried out after the script and before its reply is read.
  const taking = take(cutting, keys, new QueueCycle(keys, ["celery"]), 1, () => {}, new AbortController().signal);
  await redis.call("CLIENT", "KILL", "ID", id);
  expect(await taking).toHaveLength(1);
  expect(await held()).toBe(1);
  expect(await redis.llen("celery")).toBe(0);
});

test("a worker that ends finishes what runs and gives back what waits", async () => {
  const app = application();
  let began = 0;
  const slow = app.task("slow", async (_ctx, ms: number) => {
    began++;
    await delay(ms);
    return "finished";
  });
  const worker = start(app, { concurrency: 1 });
  const running = await slow.delay(500);
  await until(() => began === 1);
  await slow.delay(0);
  await slow.apply([0], { countdown: 3600 });
  await until(async () => (await held()) === 2);
  await worker.end();
  expect(await running.state()).toBe("SUCCESS");
  expect([began, await held(), await redis.llen("celery")]).toEqual([1, 0, 2]);
  const message = JSON.parse((await redis.lindex("celery", 0)) ?? "") as { headers: { redelivered: boolean } };
  expect(message.headers.redelivered).toBe(true);
});

test("a worker that is ended cold gives back what it has not acknowledged", async () => {
  const app = application();
  let began = 0;
  const late = app.task(
    "late",
    (ctx) => (began++, new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(new Ignore())))),
    {
      acksLate: true,
    },
  );
  const worker = start(app, { concurrency: 1 });
  await late.delay();
  await until(() => began === 1);
  worker.stop.abort();
  worker.cold.abort();
  await worker.ended;
  expect([await held(), await redis.llen("celery")]).toEqual([0, 1]);
});

test("what a worker took and lost is run by another", async () => {
  const keys = celeryKeys();
  const app = application({ visibilityTimeoutMs: 1_000 });
  const hello = app.task("hello", () => "hello");
  const result = await hello.delay();
  await take(redis, keys, new QueueCycle(keys, ["celery"]), 1, () => {}, new AbortController().signal);
  await delay(1_200);
  start(app);
  expect(await result.get({ timeout: 10_000 })).toBe("hello");
});

test("a task that runs longer than the visibility timeout is not delivered again", async () => {
  const app = application({ visibilityTimeoutMs: 2_000 });
  let runs = 0;
  const long = app.task(
    "long",
    async () => {
      runs++;
      await delay(3_500);
      return runs;
    },
    { acksLate: true },
  );
  start(app, { concurrency: 1 });
  const result = await long.delay();
  await delay(2_500);
  start(app, { concurrency: 1, hostname: "other@%h" }); // looks for lost messages when it starts
  expect(await result.get({ timeout: 10_000 })).toBe(1);
});

test("urgent messages come first", async () => {
  const app = application();
  const order: number[] = [];
  const note = app.task("note", (_ctx, priority: number) => void order.push(priority));
  for (const priority of [9, 3, 6, 0]) await note.apply([priority], { priority });
  start(app, { concurrency: 1, prefetchMultiplier: 1 });
  await until(() => order.length === 4);
  expect(order).toEqual([0, 3, 6, 9]);
});

test("nothing that lies in a queue stops a worker", async () => {
  const app = application();
  const hello = app.task("hello", () => "hello");
  const good = { headers: { task: "hello", id: "1" }, body: "W10=", "content-type": "application/json", "content-encoding": "utf-8" };
  const properties = { delivery_tag: "t", delivery_info: { exchange: "", routing_key: "celery" }, body_encoding: "base64" };
  const broken = [
    "",
    "[]",
    "nonsense",
    "{}",
    JSON.stringify(good),
    JSON.stringify({ ...good, properties: { ...properties, delivery_info: null } }),
    JSON.stringify({ ...good, properties, body: "!" }),
    JSON.stringify({ ...good, properties, headers: null }),
    JSON.stringify({ ...good, properties: { ...properties, delivery_tag: 5 } }),
    JSON.stringify({ ...good, properties, "content-type": "application/x-python-serialize" }),
  ];
  for (const message of broken) await redis.lpush("celery", message);
  start(app);
  expect(await (await hello.delay()).get({ timeout: 10_000 })).toBe("hello");
  await until(async () => (await held()) === 0);
});

test("a pickle is refused although it could be read, and whoever waits is told", async () => {
  const app = application();
  app.task("hello", () => "hello");
  const properties = { delivery_tag: "t", delivery_info: { exchange: "", routing_key: "celery" }, body_encoding: "base64" };
  const body = Buffer.from("\x80\x02]}}\x87.", "latin1").toString("base64"); // ([], {}, {})
  const message = { headers: { task: "hello", id: "pickled" }, body, "content-type": "application/x-python-serialize", properties };
  await redis.lpush("celery", JSON.stringify({ ...message, "content-encoding": "binary" }));
  start(app);
  await expect(app.result("pickled").get({ timeout: 10_000 })).rejects.toMatchObject({ name: "ContentDisallowed" });
});

test("a worker holds as many messages as it may, and those that wait for their time besides", async () => {
  const app = application();
  const wait = app.task("wait", (ctx) => new Promise<void>((resolve) => ctx.signal.addEventListener("abort", () => resolve())));
  for (let sent = 0; sent < 10; sent++) await wait.delay();
  for (let sent = 0; sent < 5; sent++) await wait.apply([], { countdown: 3600, priority: 0 });
  const worker = start(app, { concurrency: 1, prefetchMultiplier: 3 });
  // One runs and is acknowledged, three are held besides it.
  await until(async () => (await redis.llen("celery")) === 11);
  await delay(300);
  expect([await held(), await redis.llen("celery")]).toEqual([3, 11]);
  worker.stop.abort();
  worker.cold.abort();
  await worker.ended;
});

test("a worker outlives its Redis", { timeout: 60_000 }, async () => {
  const first = await withRedis();
  const app = application({ broker: `${first.url}/0`, backend: `${first.url}/1` });
  const hello = app.task("hello", () => "hello");
  start(app);
  expect(await (await hello.delay()).get({ timeout: 10_000 })).toBe("hello");
  await first.stop();
  await delay(500);
  await using second = await withRedis({ port: first.port });
  const client = connectRedis(second.url, { name: "test" });
  onTestFinished(() => disconnect(client));
  await until(() =>
    hello.delay().then(
      () => true,
      () => false,
    ),
  );
  await until(async () => (await client.llen("celery")) === 0 && (await client.hlen("unacked")) === 0);
  const result = await hello.delay();
  expect(await result.get({ timeout: 10_000 })).toBe("hello");
});

test("remote control and heartbeats are there again after connections are lost", { timeout: 30_000 }, async () => {
  const app = application();
  app.task("hello", () => "hello");
  start(app, { heartbeatMs: 100, hostname: "w@h" });
  await until(async () => (await redis.publish("/0.celery.pidbox", "{}")) === 1);
  for (const type of ["normal", "pubsub"]) await redis.call("CLIENT", "KILL", "TYPE", type, "SKIPME", "yes");
  await until(async () => (await redis.publish("/0.celery.pidbox", "{}")) === 1);
  const listener = connectRedis(server.url, { name: "events", blocking: true });
  onTestFinished(() => disconnect(listener));
  const beat = new Promise((resolve) => listener.on("pmessage", resolve));
  await listener.psubscribe("/0.celeryev/worker.heartbeat");
  await beat;
});

test("the heart beats while the worker computes", { timeout: 30_000 }, async () => {
  const app = application();
  const compute = app.task("compute", () => {
    const until = performance.now() + 1_500;
    while (performance.now() < until);
  });
  start(app, { heartbeatMs: 100, hostname: "w@h" });
  const listener = connectRedis(server.url, { name: "events", blocking: true });
  onTestFinished(() => disconnect(listener));
  // This process hears of them only when it has computed, but they say when they were sent.
  const beats: number[] = [];
  listener.on("pmessage", (_pattern, _channel, text: string) => {
    const { body } = JSON.parse(text) as { body: string };
    beats.push((JSON.parse(Buffer.from(body, "base64").toString()) as { timestamp: number }).timestamp * 1000);
  });
  await listener.psubscribe("/0.celeryev/worker.heartbeat");
  const beganAt = Date.now();
  await (await compute.delay()).get({ timeout: 10_000 });
  const endedAt = Date.now();
  await until(() => (beats.at(-1) ?? 0) > endedAt);
  expect(beats.filter((at) => at > beganAt && at < endedAt).length).toBeGreaterThan(8);
});
