import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { connectRedis } from "../../redis.ts";
import { CeleryApplication } from "../../testing/celery-application.ts";
import { type RedisServer, withRedis } from "../../testing/redis-server.ts";
import { type Release, RELEASES, recorded, type RecordedKey } from "../../wire/celery/fixtures/recorded.ts";
import { Malformed } from "./malformed.ts";
import { QueueNames } from "./queue-names.ts";

const SEP = "\x06\x16";
let server: RedisServer;
let app: CeleryApplication;
let names: QueueNames;
let malformed: Malformed;

beforeAll(async () => {
  server = await withRedis();
});
afterAll(async () => server.stop());
beforeEach(async () => {
  app = new CeleryApplication(server.url);
  await app.redis.flushall();
  malformed = new Malformed(0);
  names = new QueueNames(app.redis, app.keys, malformed);
});
afterEach(async () => app.end());

const found = async (): Promise<string[]> => {
  await names.look();
  return names.queues.toSorted();
};

describe("queues are found", () => {
  test("by their bindings, though they are empty", async () => {
    await app.declare("celery");
    await app.redis.sadd("_kombu.binding.news", `news.#${SEP}^news\\..*?$${SEP}q-topic`);
    await app.redis.sadd("_kombu.binding_permanent.celery", `celery${SEP}${SEP}celery`);
    await app.redis.zadd("_kombu.binding_deadlines", 1, "celeryev");
    expect(await found()).toEqual(["celery", "q-topic"]);
  });

  test("by their lists, of any priority, though nobody declared them", async () => {
    await app.send({ id: "a", queue: "plain" }, { id: "b", queue: "urgent", priority: 9 });
    expect(await found()).toEqual(["plain", "urgent"]);
  });

  test("by what workers and producers say", async () => {
    names.add("said");
    expect(await found()).toEqual(["said"]);
  });

  test("with odd names", async () => {
    await app.declare('que"ue ünï:*?[x]');
    await app.send({ id: "a", queue: "with spaces 3" });
    expect(await found()).toEqual(['que"ue ünï:*?[x]', "with spaces 3"]);
  });
});

describe("no queues of tasks are", () => {
  test("those that Celery makes for itself", async () => {
    await app.redis.sadd("_kombu.binding.celery.pidbox", `${SEP}${SEP}w1@h.celery.pidbox`);
    await app.redis.sadd("_kombu.binding.reply.celery.pidbox", `oid${SEP}${SEP}oid.reply.celery.pidbox`);
    await app.redis.sadd("_kombu.binding.celeryev", `worker.#${SEP}${SEP}celeryev.e2f58163`);
    await app.redis.lpush("oid.reply.celery.pidbox", app.message({ id: "a" }));
    await app.redis.lpush("celeryev.e2f58163", app.message({ id: "a" }));
    await app.redis.lpush("bcast.1", app.message({ id: "a" }));
    expect(await found()).toEqual([]);
  });

  test("lists of somebody else", async () => {
    await app.redis.lpush("rq:queue:default", "b6f0ae0e");
    await app.redis.lpush("json", '{"task": "x"}');
    await app.redis.lpush("celery-taskset-meta-1.j", "[1]");
    expect(await found()).toEqual([]);
  });

  test("those of another application with a prefix in the same database", async () => {
    await app.redis.lpush("shop:celery", app.message({ id: "a", queue: "celery" }));
    await app.redis.sadd("shop:_kombu.binding.celery", `celery${SEP}${SEP}celery`);
    expect(await found()).toEqual([]);
  });
});

test.each(RELEASES)("the queues of a recorded fleet of Celery %s are found", async (release: Release) => {
  for (const { key, type, value } of recorded<{ keys: RecordedKey[] }>(release, "keys-idle-worker").keys)
    if (type === "set" && Array.isArray(value)) await app.redis.sadd(key, ...value.map(String));
  expect(await found()).toEqual(["celery", "other"]);
});

test("broken binding tables are told, and cost nothing else", async () => {
  await app.declare("celery");
  await app.redis.sadd("_kombu.binding.bad", "no separators");
  await app.redis.set("_kombu.binding.worse", "no set");
  expect(await found()).toEqual(["celery"]);
  expect(malformed.take(Date.now()).map(({ details }) => JSON.parse(details ?? "") as object)).toEqual(
    expect.arrayContaining([
      { where: "binding bad", reason: "a binding has 3 parts, this has 1", sample: "no separators" },
      { where: "binding worse", reason: "_kombu.binding.worse is no set" },
    ]),
  );
});

test("answers that came too late for a process of ours do not stay", async () => {
  await app.redis.lpush("perennial-1.reply.celery.pidbox", "{}");
  await app.redis.lpush("python.reply.celery.pidbox", "{}");
  await names.look();
  expect(await app.redis.ttl("perennial-1.reply.celery.pidbox")).toBeGreaterThan(0);
  expect(await app.redis.ttl("python.reply.celery.pidbox")).toBe(-1);
});

test("a large database is looked through in parts, and everything is known only then", async () => {
  await app.declare("celery");
  for (let part = 0; part < 30; part++) {
    const keys = Array.from({ length: 10_000 }, (_, i) => [`cache:${part}:${i}`, ""]).flat();
    await app.redis.mset(keys);
  }
  const begunAt = Date.now();
  await names.look();
  expect(names.completeAt).toBe(0);
  for (let look = 0; look < 10 && names.completeAt === 0; look++) await names.look();
  expect(names.completeAt).toBeGreaterThanOrEqual(begunAt);
  expect(names.queues).toEqual(["celery"]);
});

test("a user who may not look for queues sees those that are named, and is told why no others", async () => {
  await app.declare("celery");
  await app.redis.call("ACL", "SETUSER", "limited", "on", ">secret", "~*", "&*", "+@all", "-scan");
  const limited = connectRedis(server.url.replace("//", "//limited:secret@"), { name: "test" });
  names = new QueueNames(limited, app.keys, malformed);
  names.add("said");
  expect(await found()).toEqual(["said"]);
  expect(names.completeAt).toBe(0);
  expect(malformed.take(Date.now())).toMatchObject([{ details: expect.stringContaining("does not let us") }]);
  limited.disconnect();
});

test("names without end do not fill the memory", () => {
  for (let i = 0; i < 20_000; i++) names.add(`queue-${i}`);
  expect(names.queues.length).toBe(10_000);
  expect(names.has("queue-19999")).toBe(true);
});
