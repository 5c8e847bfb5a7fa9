import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Config, configOf } from "../config.ts";
import { type RedisServer, withRedis } from "../testing/redis-server.ts";
import { locateBrokers } from "./locate-brokers.ts";

let server: RedisServer;

beforeAll(async () => {
  server = await withRedis({ config: { requirepass: "secret" } });
  const redis = new Redis(`${server.url}/3`, { password: "secret" });
  await redis.sadd("_kombu.binding.celery", "celery\x06\x16\x06\x16celery");
  redis.disconnect();
});
afterAll(() => server.stop());

const url = (database = "", password = "secret") => server.url.replace("//", `//:${password}@`) + database;

function config(settings: Record<string, unknown>): Config {
  return configOf([{ spell: (setting) => setting, server: {}, everyBroker: settings, brokers: [] }]);
}

describe("before brokers are watched", () => {
  it("the database that was found is that of results and history too, when they are at the same URL", async () => {
    const { config: located, sentences } = await locateBrokers(config({ broker: url() }));
    expect(located.brokers[0]).toMatchObject({ brokerUrl: url("/3"), resultUrls: [url("/3")], store: { kind: "redis", url: url("/3") } });
    expect(sentences).toEqual([`main: Database 3 of ${url("", "***")} holds a Celery broker (queue celery), so it is watched.`]);
  });

  it("nothing is looked for when everything is named", async () => {
    const named = config({ broker: url("/1"), results: [url("/2")], store: "memory" });
    expect(await locateBrokers(named)).toEqual({ config: named, sentences: [] });
  });

  it.each([
    ["a wrong password", () => ({ broker: url("/0", "wrong") }), /^Redis at .* WRONGPASS/],
    ["a database that the server does not have", () => ({ broker: url("/99") }), /^Redis at .*\/99 .*out of range/],
    [
      "a result store that is away",
      () => ({ broker: url("/0"), results: "redis://:wrong@127.0.0.1:1/0" }),
      /^Redis at redis:.*127\.0\.0\.1:1\/0 does not answer/,
    ],
    [
      "a history store that is away",
      () => ({ broker: url("/0"), store: "redis://:wrong@127.0.0.1:1/0" }),
      /^Redis at redis:.*127\.0\.0\.1:1\/0 does not answer/,
    ],
  ])("%s is told, without the password", async (_, settings, sentence) => {
    const problem = await locateBrokers(config(settings())).catch((error: unknown) => error);
    expect(problem).toMatchObject({ code: "unavailable", message: expect.stringMatching(sentence) });
    expect(String(problem)).not.toMatch(/secret|:wrong@/);
  });
});
