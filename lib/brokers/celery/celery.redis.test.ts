import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { BrokerConfig } from "../../config.ts";
import type { LogData } from "../../model/event.ts";
import { CeleryApplication, heldTask, runsThese } from "../../testing/celery-application.ts";
import { FoldedKnown } from "../../testing/known.ts";
import { type RedisServer, withRedis } from "../../testing/redis-server.ts";
import type { Broker } from "../broker.ts";
import { celeryBroker } from "./celery.ts";

const STATS = {
  pid: 7,
  prefetch_count: 8,
  pool: { implementation: "celery.concurrency.prefork:TaskPool", "max-concurrency": 2, processes: [8] },
};
const ANSWERS = {
  ping: { ok: "pong" },
  stats: STATS,
  active_queues: [{ name: "celery" }],
  registered: ["tasks.add"],
  active: [],
  query_task: () => ({}),
};

let server: RedisServer;
let app: CeleryApplication;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  server = await withRedis();
});
afterAll(async () => server.stop());
beforeEach(async () => {
  app = new CeleryApplication(server.url);
  await app.redis.flushall();
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await app.end();
});

interface Watched {
  broker: Broker;
  known: FoldedKnown;
  /** What the duties failed with. */
  troubles: string[];
  stop(): Promise<void>;
}

/** A broker with all its duties running as a leader runs them. */
function watch(url = app.url, change: Partial<BrokerConfig> = {}): Watched {
  const known = new FoldedKnown();
  const config: BrokerConfig = {
    name: "test",
    brokerUrl: url,
    resultUrls: [url],
    keyPrefix: "",
    resultKeyPrefix: "",
    prioritySteps: [0, 3, 6, 9],
    enableEvents: false,
    store: { kind: "memory" },
    limits: { maxAgeMs: 1, maxBytes: 1, maxTasks: 1 },
    ...change,
  };
  const broker = celeryBroker(config, known);
  const stopping = new AbortController();
  const { signal } = stopping;
  const troubles: string[] = [];
  const kept = async (name: string, run: () => Promise<void>): Promise<void> => {
    while (!signal.aborted) {
      await run().catch((error: unknown) => troubles.push(`${name}: ${String(error)}`));
      if (!signal.aborted) await delay(250, undefined, { signal }).catch(() => undefined);
    }
  };
  const duties = [
    kept("collect", async () => broker.collect(known.sink, signal)),
    kept("survey", async () => broker.survey(known.sink, signal)),
    kept("sample", async () => {
      known.sink((await broker.sample(Date.now())).events);
      await delay(1_750, undefined, { signal }).catch(() => undefined);
    }),
  ];
  const watched: Watched = {
    broker,
    known,
    troubles,
    async stop() {
      stopping.abort();
      await Promise.all(duties);
      await broker.close();
    },
  };
  ends.push(async () => watched.stop());
  return watched;
}

const event = (type: string, uuid: string, rest: object = {}) => ({
  type,
  uuid,
  hostname: "w1@h",
  timestamp: Date.now() / 1_000,
  pid: 7,
  clock: 1,
  ...rest,
});

async function connected({ broker }: Watched): Promise<void> {
  await expect.poll(() => broker.connection().connected, { timeout: 10_000 }).toBe(true);
}

describe("a watched application", () => {
  test("is heard: events, results, and what waits", async () => {
    const watched = watch();
    await connected(watched);
    await app.publish([event("task-received", "t", { name: "tasks.add", retries: 0 }), event("task-started", "t")]);
    await app.storeResult("t", { status: "SUCCESS", result: 5 });
    await app.send({ id: "waits" });
    await app.declare("celery");
    const { known } = watched;
    await known.until("t succeeds", () => known.state("t") === "SUCCESS");
    expect(known.tasks.get("t")).toMatchObject({ name: "tasks.add", worker: "w1@h" });
    await watched.broker.peekQueue("celery", { offset: 0, limit: 1 });
    await known.until("what waits is seen", () => known.state("waits") === "PENDING");
    expect(watched.troubles).toEqual([]);
  });

  test("that was at work before us is known: what waits, what is held, what runs, and by whom", async () => {
    await app.declare("celery");
    await app.send({ id: "waits" }, { id: "waits too", priority: 9 });
    await app.take({ id: "held", etaAt: Date.now() + 3_600_000 });
    await app.join("w1@h", { ...ANSWERS, active: [heldTask("runs")] });
    const { known } = watch();
    await known.until("all is known", () => ["waits", "waits too", "held", "runs"].every((id) => known.state(id) !== undefined));
    expect(["waits", "waits too", "held", "runs"].map((id) => known.state(id))).toEqual(["PENDING", "PENDING", "SCHEDULED", "STARTED"]);
    expect(known.worker("w1@h")).toMatchObject({ pool: "prefork", queues: ["celery"] });
  });

  test("is asked about one worker; what does not come in time is missing, and one that is not there answers nothing", async () => {
    const watched = watch();
    await connected(watched);
    await app.join("w1@h", { ...ANSWERS, conf: { broker_url: "redis://" } });
    const answer = await watched.broker.inspectWorker("w1@h", 1_000);
    expect(answer).toMatchObject({ answered: true, stats: expect.stringContaining("prefork"), conf: expect.any(String), revoked: null });
    expect(await watched.broker.inspectWorker("nobody@h", 300)).toMatchObject({ answered: false, stats: null });
  });

  test("shows its queues, and nothing else that lies in its database", async () => {
    const { broker } = watch();
    await app.send({ id: "t", queue: "mail" });
    await app.redis.lpush("secrets", "password");
    expect(await broker.peekQueue("mail", { offset: 0, limit: 10 })).toMatchObject({ depth: 1, messages: [{ id: "t" }] });
    expect(await broker.peekQueue("secrets", { offset: 0, limit: 10 })).toMatchObject({ depth: 0, messages: [] });
  });

  test("is found in on a replica that does not lead and looks at nothing by itself", async () => {
    const known = new FoldedKnown();
    const broker = celeryBroker(
      {
        name: "standby",
        brokerUrl: app.url,
        resultUrls: [app.url],
        keyPrefix: "",
        resultKeyPrefix: "",
        prioritySteps: [0, 3, 6, 9],
        enableEvents: false,
        store: { kind: "memory" },
        limits: { maxAgeMs: 1, maxBytes: 1, maxTasks: 1 },
      },
      known,
    );
    ends.push(async () => broker.close());
    await app.send({ id: "t", queue: "mail", priority: 6 });
    expect(await broker.findMessage("t", undefined, 1e6)).toMatchObject({ place: "queue", queue: "mail" });
    expect(await broker.revoke("t", { terminate: false, signal: "SIGTERM", queue: undefined })).toContain("was removed from mail");
  });

  test("with a prefix in front of its keys is watched like any other", async () => {
    const prefixed = new CeleryApplication(server.url);
    ends.push(async () => prefixed.end());
    const watched = watch(app.url, { keyPrefix: "shop:" });
    await connected(watched);
    await app.redis.lpush("shop:celery", app.message({ id: "t" }));
    await app.redis.sadd("shop:_kombu.binding.celery", "celery\x06\x16\x06\x16celery");
    await watched.broker.peekQueue("celery", { offset: 0, limit: 1 });
    await watched.known.until("it is seen", () => watched.known.state("t") === "PENDING");
    expect(watched.known.tasks.get("t")?.queue).toBe("celery");
  });
});

describe("when Redis goes away", () => {
  test("and comes back, every duty goes on, each event is heard once, and nothing was concluded meanwhile", async () => {
    let own = await withRedis();
    ends.push(async () => own.stop());
    const watched = watch(own.url);
    const { known } = watched;
    await connected(watched);
    let there = new CeleryApplication(own.url);
    await there.declare("celery");
    await there.publish([event("worker-online", "", { freq: 2, active: 0, processed: 0, loadavg: [0, 0, 0] })], "worker.online");
    await there.publish([event("task-received", "t", { retries: 0 }), event("task-started", "t")]);
    await known.until("t runs", () => known.state("t") === "STARTED");
    await there.end();
    await own.stop();
    await expect.poll(() => watched.broker.connection(), { timeout: 10_000 }).toMatchObject({ connected: false });
    await expect(watched.broker.held(10)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("does not answer"),
    });
    await delay(4_000);
    expect(known.state("t")).toBe("STARTED");

    own = await withRedis({ port: own.port });
    await expect.poll(() => watched.broker.connection(), { timeout: 15_000 }).toMatchObject({ connected: true });
    there = new CeleryApplication(own.url);
    ends.push(async () => there.end());
    const deaf = (): Set<string> =>
      new Set(known.events.filter(({ type }) => type === "log.gap").map(({ details = "" }) => (JSON.parse(details) as LogData).where));
    await known.until("both subscriptions tell when they were deaf", () => deaf().has("events") && deaf().has("results"));
    const node = await there.join("w1@h", { ...ANSWERS, query_task: runsThese("t") });
    await there.publish([event("task-received", "u", { retries: 0 })]);
    await known.until("it hears again", () => known.state("u") === "RECEIVED");
    expect(known.told("u").filter(({ source }) => source === "event")).toHaveLength(1);
    await there.send({ id: "waits" });
    await known.until("it reads queues again", () => known.state("waits") === "PENDING", 40_000);
    await expect.poll(() => node.asked, { timeout: 40_000 }).toContain("query_task");
    expect(known.state("t")).toBe("STARTED");
  }, 120_000);

  test("for its subscribers alone, they come back and hear each event once", async () => {
    const watched = watch();
    const { known } = watched;
    await connected(watched);
    for (let kill = 1; kill <= 2; kill++) {
      await app.redis.call("CLIENT", "KILL", "TYPE", "pubsub");
      await known.until("the gaps are told", () => known.events.filter(({ type }) => type === "log.gap").length === 2 * kill);
    }
    await app.publish([event("task-received", "t", { retries: 0 })]);
    await known.until("it hears", () => known.state("t") === "RECEIVED");
    await app.publish([event("task-started", "t")]);
    await known.until("it hears", () => known.state("t") === "STARTED");
    expect(known.told("t")).toHaveLength(2);
  });
});

describe("it costs Redis little", () => {
  test("with 20 workers and 10 queues at rest less than 50 commands a second, from the first moment on", async () => {
    for (let i = 0; i < 10; i++) await app.declare(`q${i}`);
    for (let i = 0; i < 20; i++) await app.join(`w${i}@h`, ANSWERS);
    await app.redis.config("RESETSTAT");
    const watched = watch();
    await connected(watched);
    const begunAt = Date.now();
    await delay(12_000);
    const commands = await commandsOf(app);
    // What the stand-ins answered is theirs.
    const rate = (commands.total - (commands.of.get("lpush") ?? 0)) / ((Date.now() - begunAt) / 1_000);
    expect(rate).toBeLessThan(50);
    expect(watched.troubles).toEqual([]);
  }, 60_000);

  test("with 5,000 queues, too", async () => {
    for (let i = 0; i < 5_000; i++) await app.declare(`q${i}`);
    for (let i = 0; i < 20; i++) await app.send({ id: `${i}`, queue: `q${i * 200}` });
    const watched = watch();
    const { known } = watched;
    await known.until(
      "what waits in any of them is seen",
      () => Array.from({ length: 20 }, (_, i) => known.state(`${i}`)).every(Boolean),
      40_000,
    );
    await delay(2_000);
    await app.redis.config("RESETSTAT");
    const begunAt = Date.now();
    await delay(10_000);
    const commands = await commandsOf(app);
    // Twenty queues that hold something are looked into each time.
    expect(commands.total / ((Date.now() - begunAt) / 1_000)).toBeLessThan(300);
    expect(watched.troubles).toEqual([]);
  }, 90_000);
});

test("it ends at once, and leaves nothing behind", async () => {
  await app.join("w1@h", ANSWERS);
  const watched = watch();
  await connected(watched);
  await watched.known.until("the worker is known", () => watched.known.worker("w1@h") !== undefined);
  const before = Date.now();
  await watched.stop();
  expect(Date.now() - before).toBeLessThan(1_000);
  expect(await app.redis.keys("*")).toEqual([]);
});

async function commandsOf({ redis }: CeleryApplication): Promise<{ total: number; of: Map<string, number> }> {
  const stats = await redis.info("commandstats");
  const of = new Map([...stats.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)].map(([, name = "", calls]) => [name, Number(calls)] as const));
  return { total: [...of.values()].reduce((sum, calls) => sum + calls, 0), of };
}
