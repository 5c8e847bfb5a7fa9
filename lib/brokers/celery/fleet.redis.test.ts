import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Event } from "../../model/event.ts";
import { connectRedis } from "../../redis.ts";
import { CeleryApplication, heldTask } from "../../testing/celery-application.ts";
import { FoldedKnown } from "../../testing/known.ts";
import { type RedisServer, withRedis } from "../../testing/redis-server.ts";
import { Control } from "./control.ts";
import { Fleet } from "./fleet.ts";
import { Malformed } from "./malformed.ts";
import { QueueNames } from "./queue-names.ts";
import { Runs } from "./runs.ts";

const MINUTE = 60_000;
const STATS = {
  pid: 7,
  prefetch_count: 8,
  pool: { implementation: "celery.concurrency.prefork:TaskPool", "max-concurrency": 2, processes: [8, 9] },
};
const ANSWERS = {
  ping: { ok: "pong" },
  stats: STATS,
  active_queues: [{ name: "mail" }],
  registered: ["tasks.add [rate_limit=1/s]"],
  active: [],
};

let server: RedisServer;
let app: CeleryApplication;
let known: FoldedKnown;
let runs: Runs;
let names: QueueNames;
let fleet: Fleet;
let control: Control;
let redis: ReturnType<typeof connectRedis>;
let reader: ReturnType<typeof connectRedis>;
let ended: AbortController;
let receiving: Promise<void>;
let now: number;

beforeAll(async () => {
  server = await withRedis();
});
afterAll(async () => server.stop());
beforeEach(async () => {
  now = Date.now();
  app = new CeleryApplication(server.url);
  await app.redis.flushall();
  known = new FoldedKnown();
  runs = new Runs(known);
  redis = connectRedis(app.url, { name: "test" });
  reader = connectRedis(app.url, { name: "test-replies", blocking: true });
  ended = new AbortController();
  const malformed = new Malformed();
  names = new QueueNames(redis, app.keys, malformed);
  control = new Control(redis, app.keys, malformed);
  receiving = control.receive(reader, ended.signal);
  fleet = new Fleet({ control, names, known, runs, enableEvents: false });
});
afterEach(async () => {
  ended.abort();
  await receiving;
  redis.disconnect();
  reader.disconnect();
  await app.end();
});

async function look(afterMs = 1_000): Promise<Event[]> {
  now += afterMs;
  const events = await fleet.look(now);
  known.sink(events);
  return events;
}

/** A heartbeat, or another sign of a worker. */
function heard(type: "worker.online" | "worker.heartbeat" | "worker.offline" | "worker.lost", worker = "w1@h", at = now): void {
  known.sink([{ type, worker, at, seenAt: at, source: "event", pid: 7, details: "{}" }]);
}

describe("a worker", () => {
  test("is known by its answers before any event of it", async () => {
    await app.join("w1@h", ANSWERS);
    expect(await look()).toMatchObject([{ type: "worker.inspected", worker: "w1@h", pid: 7, source: "inspect" }]);
    expect(known.worker("w1@h")).toMatchObject({
      state: "silent",
      kind: "worker",
      pool: "prefork",
      slots: 2,
      prefetch: 8,
      queues: ["mail"],
      registered: ["tasks.add"],
    });
    expect(names.has("mail")).toBe(true);
  });

  test("is described again only when its answers change", async () => {
    const node = await app.join("w1@h", ANSWERS);
    heard("worker.online");
    expect(await look(5_000)).toHaveLength(1);
    expect(await look(MINUTE)).toEqual([]);
    node.answers["stats"] = { ...STATS, pool: { ...STATS.pool, processes: [8, 9, 10] } };
    await look(MINUTE);
    expect(known.worker("w1@h")?.slots).toBe(3);
  });

  test("that boots is asked when it can answer, and once", async () => {
    await look();
    const node = await app.join("w1@h", ANSWERS);
    heard("worker.online");
    await look();
    expect(node.asked).toEqual([]);
    await look(2_000);
    await look();
    expect(node.asked.toSorted()).toEqual(["active_queues", "registered", "stats"]);
  });

  test("that does not answer is asked ever more seldom, and keeps nobody waiting", async () => {
    await look();
    const node = await app.join("w1@h", {});
    heard("worker.online");
    for (let second = 0; second < 30; second++) await look();
    expect(node.asked.filter((method) => method === "stats").length).toBeLessThanOrEqual(4);
  });

  test("that is known by its answers alone is lost when they stop, and back when they come again", async () => {
    const node = await app.join("w1@h", { ...ANSWERS });
    await look();
    node.answers = {};
    await look(MINUTE);
    expect(known.worker("w1@h")?.state).toBe("silent");
    await look(MINUTE);
    expect(known.worker("w1@h")).toMatchObject({ state: "lost", reason: "it stopped answering" });
    node.answers = { ...ANSWERS };
    await look(MINUTE);
    expect(known.worker("w1@h")?.state).toBe("silent");
  });

  test("that was believed lost and answers is back", async () => {
    await app.join("w1@h", ANSWERS);
    heard("worker.online");
    heard("worker.lost");
    now = Date.now() + MINUTE;
    await look();
    expect(known.worker("w1@h")?.state).toBe("silent");
  });

  test("that said after its answer that it stops, stops", async () => {
    const node = await app.join("w1@h", ANSWERS);
    heard("worker.online");
    // Another node that never answers keeps the round open until the first one has said that it stops.
    await app.join("deaf@h", {});
    const looking = look();
    await expect.poll(() => node.asked).toContain("stats");
    heard("worker.offline", "w1@h", Date.now() + 500);
    await looking;
    expect(known.worker("w1@h")?.state).toBe("stopped");
  });
});

describe("beat", () => {
  test("is a node that answers nothing but ping", async () => {
    await app.join("celerybeat@h", { ping: { ok: "pong" } });
    await look();
    expect(known.worker("celerybeat@h")).toMatchObject({ kind: "beat", state: "silent" });
  });

  test("is no worker that was heard in events and does not answer anything else today", async () => {
    await app.join("w1@h", { ping: { ok: "pong" } });
    heard("worker.heartbeat");
    await look();
    expect(known.worker("w1@h")).toMatchObject({ kind: "worker", state: "online" });
  });

  test("is lost when it no longer answers, and back when it does", async () => {
    const beat = await app.join("celerybeat@h", { ping: { ok: "pong" } });
    await look();
    beat.answers = {};
    await look(MINUTE);
    await look(MINUTE);
    expect(known.worker("celerybeat@h")?.state).toBe("lost");
    beat.answers = { ping: { ok: "pong" } };
    await look(MINUTE);
    expect(known.worker("celerybeat@h")).toMatchObject({ kind: "beat", state: "silent" });
  });
});

describe("what runs", () => {
  test("is asked at the beginning, and when events were missed", async () => {
    const node = await app.join("w1@h", { ...ANSWERS, active: [heldTask("t")] });
    await look();
    expect(known.state("t")).toBe("STARTED");
    expect(known.tasks.get("t")).toMatchObject({ worker: "w1@h", name: "tasks.add", queue: "celery" });
    await look(MINUTE);
    expect(node.asked.filter((method) => method === "active")).toHaveLength(1);
    fleet.askForTasks();
    await look();
    expect(node.asked.filter((method) => method === "active")).toHaveLength(2);
  });

  test("is no news when it was heard of since the question", async () => {
    await app.join("w1@h", {
      ...ANSWERS,
      active: () => {
        runs.ended("t", "w1@h", Date.now() + 1_000);
        return [heldTask("t")];
      },
    });
    await look();
    expect(known.state("t")).toBeUndefined();
  });
});

test("workers are asked to send their events only when that is allowed, all now and then and each that boots", async () => {
  const node = await app.join("w1@h", ANSWERS);
  for (let minute = 0; minute < 3; minute++) await look(MINUTE);
  expect(node.asked).not.toContain("enable_events");
  fleet = new Fleet({ control, names, known, runs, enableEvents: true });
  await look();
  heard("worker.online");
  await look(3_000);
  expect(node.asked.filter((method) => method === "enable_events").length).toBeGreaterThanOrEqual(2);
});

describe("remote control", () => {
  test("gets the answers of all that listen, and does not wait for more", async () => {
    for (const name of ["a@h", "b@h", "c@h"]) await app.join(name, ANSWERS);
    const before = Date.now();
    const answers = await control.ask({ method: "ping", arguments: {} }, { destination: null, timeoutMs: 10_000 });
    expect([...answers.keys()].toSorted()).toEqual(["a@h", "b@h", "c@h"]);
    expect(Date.now() - before).toBeLessThan(5_000);
  });

  test("answers at once when nobody listens", async () => {
    const before = Date.now();
    expect((await control.ask({ method: "ping", arguments: {} }, { destination: null, timeoutMs: 10_000 })).size).toBe(0);
    expect(Date.now() - before).toBeLessThan(5_000);
  });

  test("asks nobody of a name that no node can have, and the others all the same", async () => {
    await app.join("a@h", ANSWERS);
    const ping = async (...destination: string[]) => [
      ...(await control.ask({ method: "ping", arguments: {} }, { destination, timeoutMs: 10_000 })).keys(),
    ];
    const before = Date.now();
    expect(await ping("half a pair \ud83c@h", "")).toEqual([]);
    expect(await ping("half a pair \ud83c@h", "a@h")).toEqual(["a@h"]);
    expect(Date.now() - before).toBeLessThan(5_000);
  });

  test("goes on after its connection was killed", async () => {
    await app.join("a@h", ANSWERS);
    await app.redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await expect
      .poll(
        async () =>
          (await control.ask({ method: "ping", arguments: {} }, { destination: null, timeoutMs: 500 }).catch(() => new Map())).size,
        {
          timeout: 10_000,
        },
      )
      .toBe(1);
  });

  test("leaves no key behind", async () => {
    await app.join("a@h", ANSWERS);
    await control.ask({ method: "ping", arguments: {} }, { destination: null, timeoutMs: 1_000 });
    await control.close();
    expect(await app.redis.keys("*")).toEqual([]);
  });
});
