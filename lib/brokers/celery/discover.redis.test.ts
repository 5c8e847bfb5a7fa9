import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RedisServer, withRedis } from "../../testing/redis-server.ts";
import { databaseOf, discoverDatabase, withDatabase } from "./discover.ts";

const SEP = "\x06\x16";
const MESSAGE = JSON.stringify({ body: "W10=", headers: { task: "add", id: "1" }, properties: { delivery_tag: "1", priority: 0 } });

let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await withRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(async () => void (await redis.flushall()));

async function write(database: number, commands: [string, ...string[]][]): Promise<void> {
  await redis.select(database);
  for (const [command, ...args] of commands) await redis.call(command, ...args);
}

const discovered = (keyPrefix = "") => discoverDatabase(server.url, keyPrefix);

describe("a URL without a database", () => {
  it("is the only one in which workers have declared their queues", async () => {
    await write(0, [
      ["SET", "session:1", "x"],
      ["RPUSH", "rq:queue:default", "not a message"],
    ]);
    await write(3, [
      ["SADD", "_kombu.binding.celery.pidbox", `${SEP}${SEP}w1@host.celery.pidbox`],
      ["SADD", "_kombu.binding.billing", `billing${SEP}${SEP}billing`],
      ["SADD", "_kombu.binding.celery", `celery${SEP}${SEP}celery`],
    ]);
    expect(await discovered()).toEqual({
      database: 3,
      sentence: `Database 3 of ${server.url} holds a Celery broker (queues billing and celery), so it is watched.`,
    });
  });

  it("is one in which nothing but a message waits", async () => {
    await write(2, [["LPUSH", `mail${SEP}3`, MESSAGE]]);
    expect(await discovered()).toMatchObject({ database: 2, sentence: expect.stringContaining("(queue mail)") });
  });

  it("is one with other keys in front when that is the application's", async () => {
    await write(1, [["SADD", "_kombu.binding.celery", `celery${SEP}${SEP}celery`]]);
    await write(4, [["SADD", "shop:_kombu.binding.celery", `celery${SEP}${SEP}celery`]]);
    expect(await discovered("shop:")).toMatchObject({ database: 4 });
  });

  it("is asked for when several databases hold a broker", async () => {
    await write(0, [["LPUSH", "celery", MESSAGE]]);
    await write(5, [["HSET", "unacked", "tag", "[]"]]);
    await expect(discovered()).rejects.toMatchObject({
      code: "bad-input",
      message: `Several databases of ${server.url} hold a Celery broker: 0 (queue celery) and 5 (no queue yet). Put the number of one behind the URL`,
    });
  });

  it("is 0, as Celery has it, when there is no broker yet", async () => {
    expect(await discovered()).toEqual({
      database: 0,
      sentence: `No Celery broker is at ${server.url} yet (it is empty), so database 0 is watched.`,
    });
    await write(1, [["SET", "celery-task-meta-1", "{}"]]);
    expect(await discovered()).toMatchObject({ database: 0, sentence: expect.stringContaining("not in 1 either") });
  });

  it("cannot be told when Redis does not answer", async () => {
    await expect(discoverDatabase("redis://:secret@127.0.0.1:1", "")).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/^Redis at redis:\/\/:\*\*\*@127\.0\.0\.1:1 does not answer: .*ECONNREFUSED/),
    });
  });
});

describe("the database of a URL", () => {
  it.each([
    ["redis://h", null],
    ["redis://h/", null],
    ["redis://h/0", 0],
    ["rediss://u:p@h:1/12?ssl_cert_reqs=none", 12],
    ["redis://h?db=3", 3],
    ["redis+socket:///run/redis.sock", null],
    ["redis+socket:///run/1?virtual_host=/2", 2],
    ["unix:///run/redis.sock?db=1", 1],
  ])("%s: %j", (url, database) => {
    expect(databaseOf(url)).toBe(database);
    expect(databaseOf(withDatabase(url, 7))).toBe(7);
  });
});
