import { once } from "node:events";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asAppError, connectRedis, defineScript, disconnect, isReplyError } from "./redis.ts";
import { type RedisServer, withRedis } from "./testing/redis-server.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await withRedis();
});
afterAll(() => server.stop());

const echo = defineScript<[key: string], [text: string], string>({
  lua: "return KEYS[1] .. ' ' .. ARGV[1]",
  reply: String,
});

describe("connectRedis", () => {
  it("uses the user, the password and the database of the URL", async () => {
    const admin = connectRedis(server.url, { name: "admin" });
    await admin.call("ACL", "SETUSER", "ana", "on", ">p@ss/wörd", "~*", "&*", "+@all");
    const redis = connectRedis(`redis://ana:${encodeURIComponent("p@ss/wörd")}@127.0.0.1:${server.port}/3`, { name: "test" });
    expect(await redis.call("ACL", "WHOAMI")).toBe("ana");
    expect(await redis.client("INFO")).toMatch(/name=perennial-test .*db=3 /);
    redis.disconnect();
    admin.disconnect();
  });

  it("says in a sentence that a password is wrong, and never repeats it", async () => {
    const redis = connectRedis(`redis://ana:hunter2@127.0.0.1:${server.port}`, { name: "test" });
    const raw: unknown = await redis.get("x").catch((error: unknown) => error);
    const error = asAppError(redis, raw);
    expect(error.code).toBe("unavailable");
    expect(error.message).toMatch(/WRONGPASS/);
    expect(inspect([raw, error, error.stack])).not.toContain("hunter2");
    redis.disconnect();
  });

  it("rejects what was in flight when the connection dropped, and comes back", async () => {
    const redis = connectRedis(server.url, { name: "test", blocking: true });
    const id = Number(await redis.client("ID"));
    const waiting = redis.blpop("nothing", 10).catch((error: unknown) => error);
    const admin = connectRedis(server.url, { name: "admin" });
    await admin.client("KILL", "ID", id);
    expect(asAppError(redis, await waiting).code).toBe("unavailable");
    await once(redis, "ready");
    expect(await redis.ping()).toBe("PONG");
    redis.disconnect();
    admin.disconnect();
  });

  it("names the server that is not there", async () => {
    const gone = await withRedis();
    await gone.stop();
    const redis = connectRedis(`redis://:secret@127.0.0.1:${gone.port}/1`, { name: "test" });
    const raw: unknown = await redis.ping().catch((error: unknown) => error);
    expect(asAppError(redis, raw).message).toBe(
      `Redis at redis://:***@127.0.0.1:${gone.port}/1 does not answer: connect ECONNREFUSED 127.0.0.1:${gone.port}`,
    );
    redis.disconnect();
  });
});

it("leaves it to whoever subscribed to do so again", async () => {
  const redis = connectRedis(server.url, { name: "test", blocking: true });
  await redis.subscribe("news");
  const others = connectRedis(server.url, { name: "test" });
  const ready = once(redis, "ready");
  await others.call("CLIENT", "KILL", "TYPE", "pubsub");
  await ready;
  // The reply comes after whatever else was sent on this connection.
  expect(await redis.ping()).toBe("PONG");
  expect(await others.pubsub("NUMSUB", "news")).toEqual(["news", 0]);
  await redis.subscribe("news");
  expect(await others.pubsub("NUMSUB", "news")).toEqual(["news", 1]);
  redis.disconnect();
  others.disconnect();
});

describe("disconnect", () => {
  it("rejects what was asked between two attempts to connect", async () => {
    const gone = await withRedis();
    const redis = connectRedis(gone.url, { name: "test", blocking: true });
    await redis.ping();
    const { promise: between, resolve } = Promise.withResolvers<void>();
    redis.once("reconnecting", resolve);
    const stopping = gone.stop();
    await between;
    const asked = redis.blpop("nothing", 10).catch((error: unknown) => error);
    disconnect(redis);
    await stopping;
    expect(await asked).toBeInstanceOf(Error);
    expect(redis.status).toBe("end");
  });
});

describe("defineScript", () => {
  it("works on a server that does not know the script, also after it forgot it", async () => {
    const redis = connectRedis(server.url, { name: "test" });
    expect(await echo(redis, ["k"], ["a"])).toBe("k a");
    expect(await echo(redis, ["k"], ["b"])).toBe("k b");
    await redis.script("FLUSH");
    expect(await echo(redis, ["k"], ["c"])).toBe("k c");
    redis.disconnect();
  });

  it("passes on what the script's commands were refused with", async () => {
    const redis = connectRedis(server.url, { name: "test" });
    const wrong = defineScript<[key: string], [], unknown>({ lua: "return redis.call('LPUSH', KEYS[1], 'x')", reply: (raw) => raw });
    await redis.set("text", "x");
    const error: unknown = await wrong(redis, ["text"], []).catch((reason: unknown) => reason);
    expect(isReplyError(error, "WRONGTYPE")).toBe(true);
    expect(isReplyError(error, "OOM")).toBe(false);
    redis.disconnect();
  });
});
