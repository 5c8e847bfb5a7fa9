import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { identityOf } from "../../log/identity.ts";
import { connectRedis } from "../../redis.ts";
import { CeleryApplication } from "../../testing/celery-application.ts";
import { FoldedKnown } from "../../testing/known.ts";
import { type RedisServer, withRedis } from "../../testing/redis-server.ts";
import { Malformed } from "./malformed.ts";
import { Results } from "./results.ts";
import { Runs } from "./runs.ts";

let server: RedisServer;
let app: CeleryApplication;
let known: FoldedKnown;
let runs: Runs;
let malformed: Malformed;
let results: Results;
let ended: AbortController;
let claiming: Promise<void>;
let store: ReturnType<typeof connectRedis>;

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
  store = connectRedis(app.url, { name: "test" });
  results = new Results([store], app.keys, runs, known, malformed);
  ended = new AbortController();
  claiming = results.claim(known.sink, ended.signal);
});
afterEach(async () => {
  ended.abort();
  await claiming;
  store.disconnect();
  await app.end();
});

const SUCCESS = { status: "SUCCESS", result: 5 };
const bytesOf = (id: string, meta: object): Buffer => Buffer.from(JSON.stringify({ ...meta, task_id: id }));
const publish = (id: string, meta: object = SUCCESS): void =>
  results.published(app.keys.result.task(id), bytesOf(id, meta), Date.now(), known.sink);

describe("a published result", () => {
  test("of a task that was heard of is told at once", () => {
    runs.received("t", 0, "w1@h", 1);
    publish("t");
    expect(known.events).toMatchObject([{ type: "task.succeeded", task: "t", source: "result" }]);
    expect(known.events[0]).not.toHaveProperty("inferred");
  });

  test("without a time of its own is the same event for every replica, and another one for each attempt", () => {
    const other = new FoldedKnown();
    const otherRuns = new Runs(other);
    const listening = new Results([store], app.keys, otherRuns, other, malformed);
    for (const retries of [0, 1]) {
      const meta = { status: "RETRY", result: null, date_done: null, task_id: "t" };
      for (const each of [runs, otherRuns]) each.received("t", retries, "w1@h", 1 + retries);
      publish("t", meta);
      const aLittleLater = Date.now() + 7;
      listening.published(app.keys.result.task("t"), bytesOf("t", meta), aLittleLater, other.sink);
    }
    const identities = known.events.map(identityOf);
    expect(other.events.map(identityOf)).toEqual(identities);
    expect(new Set(identities).size).toBe(2);
  });

  test("of a task that is known from before is told at once", () => {
    known.sink([{ type: "task.received", task: "t", at: 1, seenAt: 1, source: "event", worker: "w1@h" }]);
    publish("t");
    expect(known.state("t")).toBe("SUCCESS");
  });

  test("of an unknown task is ours only when its key is in our database", async () => {
    await app.storeResult("ours", SUCCESS);
    publish("theirs");
    publish("ours");
    await known.until("it is claimed", () => known.state("ours") === "SUCCESS");
    expect(known.events.map((event) => "task" in event && event.task)).toEqual(["ours"]);
    expect(malformed.take(Date.now())).toEqual([]);
  });

  test("of an unknown task is ours when its events come a moment later", async () => {
    publish("t");
    runs.received("t", 0, "w1@h", Date.now());
    await known.until("it is claimed", () => known.state("t") === "SUCCESS");
  });

  test("of somebody else's application is not complained about, whatever it is", async () => {
    results.published(app.keys.result.task("theirs"), Buffer.from([0xff, 0xfe]), Date.now(), known.sink);
    await app.storeResult("ours", SUCCESS);
    publish("ours");
    await known.until("ours is claimed", () => known.state("ours") !== undefined);
    expect(malformed.take(Date.now())).toEqual([]);
  });

  test("of ours that cannot be read is complained about", () => {
    runs.received("t", 0, "w1@h", 1);
    results.published(app.keys.result.task("t"), Buffer.from("{"), Date.now(), known.sink);
    expect(malformed.take(Date.now())).toMatchObject([{ type: "log.malformed", count: 1 }]);
  });

  test("that is too large to be read still tells the state", () => {
    runs.received("t", 0, "w1@h", 1);
    publish("t", { status: "SUCCESS", result: "x".repeat(17 * 1024 * 1024) });
    expect(known.events).toMatchObject([{ type: "task.succeeded", payload: { result: expect.stringContaining("too large") } }]);
  });

  test("of an unknown task waits while the database does not answer", async () => {
    await app.storeResult("ours", SUCCESS);
    await app.redis.call("CLIENT", "PAUSE", "1500", "ALL");
    publish("ours");
    await known.until("it is claimed", () => known.state("ours") === "SUCCESS");
  });
});

test("results that come while the database is asked are not forgotten", async () => {
  const ids = Array.from({ length: 50 }, (_, i) => `${i}`);
  for (const id of ids) await app.storeResult(id, SUCCESS);
  for (const id of ids) {
    publish(id);
    await delay(15);
  }
  await known.until("all are claimed", () => ids.every((id) => known.state(id) === "SUCCESS"));
});

describe("looking results up", () => {
  test("finds what is stored, of any size, and nothing else", async () => {
    const long = { status: "SUCCESS", result: "ü".repeat(200_000) };
    await app.storeResult("a", SUCCESS);
    await app.storeResult("b", long);
    await app.redis.lpush(app.keys.result.task("c"), "no string");
    const found = await results.lookUp(["a", "b", "c", "d", 'odd " \\ ïd']);
    expect([...found.keys()]).toEqual(["a", "b"]);
    expect(found.get("a")).toMatchObject({ status: "SUCCESS", result: 5 });
    expect(found.get("b")).toMatchObject({ result: long.result });
  });

  test("of a huge result tells the state", async () => {
    await app.redis.set(app.keys.result.task("t"), bytesOf("t", { status: "FAILURE", result: "x".repeat(17 * 1024 * 1024) }));
    expect((await results.lookUp(["t"])).get("t")).toMatchObject({ status: "FAILURE" });
  });

  test("in thousands takes few round trips, and all are found", async () => {
    const ids = Array.from({ length: 1_000 }, (_, i) => `${i}`);
    await app.redis.mset(ids.flatMap((id) => [app.keys.result.task(id), bytesOf(id, SUCCESS)]));
    expect((await results.lookUp(ids)).size).toBe(1_000);
  });

  test("fails when Redis does not answer, instead of finding nothing", async () => {
    store.disconnect();
    await expect(results.lookUp(["t"])).rejects.toThrow(/onnection|max retries/);
  });
});
