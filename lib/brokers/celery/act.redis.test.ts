import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { connectRedis } from "../../redis.ts";
import { CeleryApplication } from "../../testing/celery-application.ts";
import { FoldedKnown } from "../../testing/known.ts";
import { type RedisServer, withRedis } from "../../testing/redis-server.ts";
import { decodeResultMeta } from "../../wire/celery/result.ts";
import { decodeTaskMessage } from "../../wire/celery/task-message.ts";
import { Acts } from "./act.ts";
import { Control } from "./control.ts";
import { Malformed } from "./malformed.ts";
import { Peek } from "./peek.ts";

const CHORD =
  '{"callbacks": null, "errbacks": null, "chain": null, "chord": {"task": "tasks.sum", "args": [], "kwargs": {}, "options": {}, "subtask_type": null, "immutable": false}}';

let server: RedisServer;
let app: CeleryApplication;
let acts: Acts;
let peek: Peek;
let ear: Redis;
let heard: string[];

beforeAll(async () => {
  server = await withRedis();
});
afterAll(async () => server.stop());
beforeEach(async () => {
  app = new CeleryApplication(server.url);
  await app.redis.flushall();
  const { redis, keys } = app;
  peek = new Peek(redis, keys, new FoldedKnown());
  acts = new Acts({ redis, store: redis, keys, control: new Control(redis, keys, new Malformed()), peek });
  ear = new Redis(app.url);
  heard = [];
  ear.on("pmessage", (_pattern: string, channel: string) => void heard.push(channel));
  await ear.psubscribe("celery-task-meta-*");
});
afterEach(async () => {
  ear.disconnect();
  await app.end();
});

const revoke = (task: string, queues = ["celery"]) => acts.revoke(task, { terminate: false, signal: "SIGTERM", queues });

async function storedOf(task: string) {
  const value = await app.redis.getBuffer(app.keys.result.task(task));
  const meta = value === null ? undefined : decodeResultMeta(value);
  return meta?.ok === true ? meta.value : undefined;
}

describe("revoking a task that waits", () => {
  test("takes its message out of the queue and lets who waits for the result know", async () => {
    await app.send({ id: "a" }, { id: "t", priority: 5 }, { id: "b" });
    expect(await revoke("t")).toBe("No worker is listening; its message was removed from celery.");
    expect(await app.redis.llen(app.keys.queueList("celery", 5))).toBe(0);
    expect(await app.redis.llen("celery")).toBe(2);
    expect(await storedOf("t")).toMatchObject({
      status: "REVOKED",
      exception: { type: "TaskRevokedError" },
      writtenByRevokeCommand: false,
    });
    expect(await app.redis.ttl(app.keys.result.task("t"))).toBeGreaterThan(80_000);
    await expect.poll(() => heard).toEqual([app.keys.result.task("t")]);
  });

  test("tells the workers too, because one may take it first", async () => {
    const worker = await app.join("w1@h", {});
    await app.send({ id: "t" });
    expect(await revoke("t")).toBe("1 worker was told to drop it; its message was removed from celery.");
    await expect.poll(() => worker.asked).toEqual(["revoke"]);
  });

  test("leaves a chord's part where it is, also when no worker listens: only a worker can tell the chord", async () => {
    await app.send({ id: "t", embedJson: CHORD, groupId: "g" });
    expect(await revoke("t")).toMatch(/^No worker is listening; its message stays in its queue/);
    expect(await app.redis.llen("celery")).toBe(1);
    expect(await storedOf("t")).toBeUndefined();
  });

  test("does not overwrite the success of an earlier run, nor what clients read in another form", async () => {
    for (const [id, value] of [
      ["done", '{"status": "SUCCESS", "result": 5}'],
      ["pickled", Buffer.from([0x80, 4, 0x4e, 0x2e])],
    ] as const) {
      await app.redis.set(app.keys.result.task(id), value);
      await app.send({ id });
      expect(await revoke(id)).toContain("was removed");
      expect(await app.redis.getBuffer(app.keys.result.task(id))).toEqual(Buffer.from(value));
    }
  });

  test("finds it by an odd id, and no other that looks alike", async () => {
    const id = 'a "quoted" \\ ünïcode 🌷';
    await app.send({ id: `${id}2` }, { id }, { id: "other", argsJson: JSON.stringify([id]) });
    expect(await revoke(id)).toContain("was removed from celery");
    expect(await app.redis.llen("celery")).toBe(2);
  });

  test("skips what is no list", async () => {
    await app.redis.set("celery\x06\x163", "no list");
    await app.send({ id: "t", priority: 9 });
    expect(await revoke("t")).toContain("was removed from celery");
  });
});

describe("revoking a task that does not wait", () => {
  test("leaves it to the workers", async () => {
    await app.join("w1@h", {});
    await app.take({ id: "t" });
    expect(await revoke("t")).toBe("1 worker was told to drop it; its message waits in no queue, a worker has it.");
    expect(await revoke("elsewhere")).toBe("1 worker was told to drop it; its message waits in no queue.");
    expect(await app.redis.hlen("unacked")).toBe(1);
  });

  test("with terminate tells the signal", async () => {
    const worker = await app.join("w1@h", {});
    expect(await acts.revoke("t", { terminate: true, signal: "SIGKILL", queues: [] })).toBe(
      "1 worker was told to terminate it with SIGKILL.",
    );
    await expect.poll(() => worker.asked).toEqual(["revoke"]);
    await worker.leave();
    expect(await acts.revoke("t", { terminate: true, signal: "SIGKILL", queues: [] })).toBe(
      "No worker is listening, so nothing was terminated.",
    );
  });

  test("refuses what would leave workers deaf", async () => {
    await expect(acts.revoke("t", { terminate: true, signal: "sigkill", queues: [] })).rejects.toMatchObject({ code: "bad-input" });
    await expect(revoke("\ud800")).rejects.toMatchObject({ code: "bad-input" });
  });
});

describe("publishing", () => {
  const publication = {
    id: "t",
    name: "tasks.add",
    queue: "celery",
    priority: 4,
    args: "[12345678901234567890, 1.0]",
    kwargs: '{"a": [NaN]}',
  };

  test("puts a message into the list of its priority that reads as it was meant", async () => {
    await acts.publish(publication);
    const [raw = ""] = await app.redis.lrange(app.keys.queueList("celery", 3), 0, -1);
    const message = decodeTaskMessage(raw);
    expect(message.ok && message.value).toMatchObject({
      id: "t",
      name: "tasks.add",
      json: { args: publication.args, kwargs: publication.kwargs },
      argsRepr: "(12345678901234567890, 1.0)",
      kwargsRepr: "{'a': [nan]}",
      priority: 4,
      retries: 0,
      rootId: "t",
      exchange: "",
      routingKey: "celery",
      effect: { defect: null },
      problems: [],
    });
  });

  test("refuses what a worker could not read", async () => {
    for (const change of [
      { args: "{}" },
      { kwargs: "[]" },
      { args: '[{"__type__": "nonsense", "__value__": 1}]' },
      { queue: "" },
      { id: "" },
    ])
      await expect(acts.publish({ ...publication, ...change })).rejects.toMatchObject({ code: "bad-input" });
    expect(await app.redis.keys("*")).toEqual([]);
  });
});

describe("finding a message", () => {
  test("says where it lies", async () => {
    await app.send({ id: "waits", queue: "mail", priority: 9 });
    await app.take({ id: "held", queue: "mail" }, 1_000_000);
    expect(await peek.find("waits", ["celery", "mail"], 1e6)).toMatchObject({
      found: { place: "queue", queue: "mail", takenAt: null, raw: app.message({ id: "waits", queue: "mail", priority: 9 }) },
    });
    expect(await peek.find("held", ["celery", "mail"], 1e6)).toMatchObject({
      found: { place: "unacked", queue: "mail", takenAt: 1_000_000, raw: app.message({ id: "held", queue: "mail" }) },
    });
    expect(await peek.find("nowhere", ["celery", "mail"], 1e6)).toEqual({ found: undefined, isWhole: true });
  });

  test("gives up beyond its bound, and says so", async () => {
    for (let i = 0; i < 50; i++) await app.send({ id: `${i}`, argsJson: JSON.stringify(["x".repeat(10_000)]) });
    expect(await peek.find("0", ["celery"], 100_000)).toEqual({ found: undefined, isWhole: false });
    expect((await peek.find("0", ["celery"], 10_000_000)).found).toBeDefined();
  });

  test("fails when Redis does not answer, instead of finding nothing", async () => {
    const away = connectRedis("redis://127.0.0.1:1", { name: "test" });
    await expect(new Peek(away, app.keys, new FoldedKnown()).find("t", ["celery"], 1e6)).rejects.toThrow(/onnection|max retries/);
    away.disconnect();
  });
});

describe("peeking", () => {
  test("shows the messages in the order in which workers take them, page by page", async () => {
    await app.send({ id: "c", priority: 9 }, { id: "a" }, { id: "b" }, { id: "d", priority: 9 });
    const first = await peek.queue("celery", { offset: 0, limit: 3 });
    expect([first.messages.map(({ id }) => id), first.depth, first.next]).toEqual([["a", "b", "c"], 4, 3]);
    const second = await peek.queue("celery", { offset: 3, limit: 3 });
    expect([second.messages.map(({ id, position, priority }) => [id, position, priority]), second.next]).toEqual([[["d", 1, 9]], null]);
    const urgent = await peek.queue("celery", { priority: 0, offset: 0, limit: 10 });
    expect([urgent.messages.map(({ id }) => id), urgent.depth]).toEqual([["a", "b"], 2]);
  });

  test("shows what is wrong with a message", async () => {
    await app.redis.lpush("celery", "garbage");
    const { messages } = await peek.queue("celery", { offset: 0, limit: 10 });
    expect(messages).toMatchObject([{ id: null, raw: "garbage", problems: [expect.stringContaining("not JSON")] }]);
  });

  test("makes a page of huge messages a short one", async () => {
    for (let i = 0; i < 6; i++) await app.send({ id: `${i}`, argsJson: JSON.stringify(["x".repeat(3_000_000)]) });
    const { messages, next } = await peek.queue("celery", { offset: 0, limit: 50 });
    expect(messages.length).toBeLessThan(6);
    expect(next).toBe(messages.length);
    expect(messages[0]?.rawCut).toBe(true);
  });

  test("lists what is held, the longest first", async () => {
    await app.take({ id: "b" }, 2_000_000);
    await app.take({ id: "a" }, 1_000_000);
    expect(await peek.held(1)).toMatchObject({ total: 2, messages: [{ id: "a", name: "tasks.add", takenAt: 1_000_000, tag: "tag of a" }] });
    await app.redis.flushall();
    await app.redis.set("unacked_index", "");
    expect(await peek.held(1)).toEqual({ total: 0, messages: [] });
  });
});
