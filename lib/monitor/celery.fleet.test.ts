import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { BrokerConfig } from "../config.ts";
import { FLAG_TERMINATED, type TaskEvent } from "../model/event.ts";
import { stateOf } from "../model/state.ts";
import type { Task } from "../model/task.ts";
import { CeleryApplication, type MessageOptions } from "../testing/celery-application.ts";
import { type Fleet, type FleetWorker, hasVenv, startFleet, type Venv } from "../testing/fleet.ts";
import { type RedisServer, withRedis } from "../testing/redis-server.ts";
import { type BrokerMonitor, type Monitor, startMonitor } from "./monitor.ts";

/** What takes a worker to answer, a look to come round and a loaded machine to get there. */
const SOON_MS = 30_000;
const QUEUES = ["default", "math", "slow", "prio"];

let server: RedisServer;
let app: CeleryApplication;
let fleet: Fleet;
let monitor: Monitor | undefined;

beforeEach(async () => {
  server = await withRedis();
  app = new CeleryApplication(server.url);
});
afterEach(async () => {
  await monitor?.close();
  monitor = undefined;
  await fleet?.end();
  await app.end();
  await server.stop();
});

async function start(venv: Venv, ...workers: Partial<FleetWorker>[]): Promise<void> {
  fleet = await startFleet({ redisUrl: server.url, venv, workers: workers.map((one) => ({ name: "garden", queues: QUEUES, ...one })) });
}

/** Perennial as it runs, with a log in memory. */
async function watch(change: Partial<BrokerConfig> = {}): Promise<BrokerMonitor> {
  const broker: BrokerConfig = {
    name: "main",
    brokerUrl: fleet.brokerUrl,
    resultUrls: [fleet.resultsUrl],
    keyPrefix: "",
    resultKeyPrefix: "",
    prioritySteps: [0, 3, 6, 9],
    enableEvents: false,
    store: { kind: "memory" },
    limits: { maxAgeMs: 86_400_000, maxBytes: null, maxTasks: 100_000 },
    ...change,
  };
  monitor = await startMonitor({ host: "127.0.0.1", port: 0, prefix: "", hostNames: [], development: false, brokers: [broker] }, "test");
  const watched = monitor.brokers.get("main");
  if (watched === undefined) throw new Error("It watches nothing");
  await expect.poll(() => watched.broker.connection().connected, { timeout: SOON_MS }).toBe(true);
  return watched;
}

/** A task that sleeps for so many seconds. */
const sleeper = (id: string, seconds: number, change: Partial<MessageOptions> = {}): MessageOptions => ({
  id,
  name: "fleet.add",
  argsJson: `[1, 2, ${seconds * 1_000}]`,
  argsRepr: `(1, 2, ${seconds * 1_000})`,
  queue: "default",
  deliveryTag: randomUUID(),
  ...change,
});

const state = (watched: BrokerMonitor, id: string): string | undefined => {
  const task = watched.view.task(id);
  return task === undefined ? undefined : stateOf(task);
};

async function reaches(watched: BrokerMonitor, expected: Record<string, string>, withinMs = SOON_MS): Promise<void> {
  const states = () => Object.fromEntries(Object.keys(expected).map((id) => [id, state(watched, id)]));
  await expect.poll(states, { timeout: withinMs, interval: 250 }).toEqual(expected);
}

async function eventsOf(watched: BrokerMonitor, id: string): Promise<TaskEvent[]> {
  const ordinals = watched.view.ordinalsOf(id);
  const events = await watched.log.read(ordinals);
  return [...events.values()].filter((event): event is TaskEvent => "task" in event);
}

const unackedCount = () => app.redis.hlen("unacked");

describe.each<Venv>(["celery-5.7", "celery-5.6", "celery-5.3"])("a worker of %s", (venv) => {
  describe.skipIf(!hasVenv(venv))("with two slots", () => {
    test("at work before Perennial: what waits, is held, runs and is due later is known; it can be revoked, terminated and run again", async () => {
      await start(venv, { concurrency: 2, more: ["--prefetch-multiplier", "1"] });
      const due = Date.now() + 3_600_000;
      await app.send(sleeper("later", 0, { etaAt: due }));
      await expect.poll(unackedCount, { timeout: SOON_MS }).toBe(1);
      await app.send(sleeper("runs", 600), sleeper("runs too", 600));
      for (const id of ["held", "held too", "waits", "waits too"]) await app.send(sleeper(id, 600));
      await expect.poll(async () => [await unackedCount(), await app.redis.llen("default")], { timeout: SOON_MS }).toEqual([3, 2]);

      const watched = await watch();
      await reaches(watched, {
        later: "SCHEDULED",
        runs: "STARTED",
        "runs too": "STARTED",
        held: "RECEIVED",
        "held too": "RECEIVED",
        waits: "PENDING",
        "waits too": "PENDING",
      });
      const running = watched.view.task("runs");
      expect(running).toMatchObject({ worker: "garden@fleet", name: "fleet.add", queue: "default" } satisfies Partial<Task>);
      expect(Math.abs((running?.startedAt ?? 0) - Date.now())).toBeLessThan(60_000);
      expect(watched.view.task("later")?.etaAt).toBe(due);
      const [worker] = watched.view.workers.all();
      expect(worker).toMatchObject({ name: "garden@fleet", pool: "prefork", slots: 2, queues: expect.arrayContaining(QUEUES) });
      const { broker } = watched;
      expect(await broker.inspectWorker("garden@fleet", 5_000)).toMatchObject({
        answered: true,
        active: expect.stringContaining("runs too"),
        scheduled: expect.stringContaining("later"),
        registered: expect.stringContaining("fleet.add"),
        conf: expect.any(String),
      });

      expect(await broker.revoke("waits", { terminate: false, signal: "SIGTERM", queue: "default" })).toBe(
        "1 worker was told to drop it; its message was removed from default.",
      );
      await reaches(watched, { waits: "REVOKED" });
      expect(await broker.revoke("held", { terminate: false, signal: "SIGTERM", queue: "default" })).toMatch(/a worker has it/);
      for (const id of ["runs", "runs too"])
        expect(await broker.revoke(id, { terminate: true, signal: "SIGKILL", queue: undefined })).toMatch(
          /told to terminate it with SIGKILL/,
        );
      await reaches(watched, { runs: "REVOKED", "runs too": "REVOKED", held: "REVOKED", "held too": "STARTED", "waits too": "STARTED" });
      expect((watched.view.task("runs")?.flags ?? 0) & FLAG_TERMINATED).toBe(FLAG_TERMINATED);
      for (const id of ["held too", "waits too"]) await broker.revoke(id, { terminate: true, signal: "SIGKILL", queue: undefined });

      await broker.publish({ id: "again", name: "fleet.add", queue: "default", priority: 4, args: "[20, 22]", kwargs: '{"ms": 1}' });
      await reaches(watched, { again: "SUCCESS" });
      const told = await eventsOf(watched, "again");
      expect(told.find(({ source }) => source === "result")?.payload?.result).toBe("42");
      expect(told.find(({ type }) => type === "task.received")?.payload).toMatchObject({ args: "(20, 22)", kwargs: "{'ms': 1}" });
    });

    test("without -E is known by results and by what it is asked; allowed to, Perennial switches its events on", async () => {
      await start(venv, { events: false });
      const watched = await watch();
      await app.send(sleeper("quick", 0), sleeper("longer", 8));
      await reaches(watched, { quick: "SUCCESS", longer: "STARTED" });
      await reaches(watched, { longer: "SUCCESS" });
      expect(watched.view.task("longer")).toMatchObject({ worker: "garden@fleet", inferred: false });
      expect((await eventsOf(watched, "longer")).map(({ source }) => source)).not.toContain("event");
      await monitor?.close();

      const asking = await watch({ enableEvents: true });
      // It has answered what it was asked after it was told.
      await expect.poll(() => [...asking.view.workers.all()].map(({ pool }) => pool), { timeout: SOON_MS }).toEqual(["prefork"]);
      await app.send(sleeper("told", 0));
      await reaches(asking, { told: "SUCCESS" });
      await expect.poll(async () => (await eventsOf(asking, "told")).map(({ source }) => source), { timeout: SOON_MS }).toContain("event");
    });
  });
});

describe.skipIf(!hasVenv("celery-5.7"))("a worker that dies", () => {
  test("is lost within half a minute, and with it what it ran; what it held is delivered again", async () => {
    await start("celery-5.7", { concurrency: 1, visibilityTimeout: 40, more: ["--prefetch-multiplier", "1"] });
    const watched = await watch();
    await app.send(sleeper("ran", 600), sleeper("held", 0));
    await reaches(watched, { ran: "STARTED", held: "RECEIVED" });
    // Only a worker that was heard to beat can be missed so soon.
    await expect.poll(() => [...watched.view.workers.all()].map(({ state }) => state), { timeout: SOON_MS }).toEqual(["online"]);
    const killedAt = Date.now();
    await fleet.kill("garden");
    await reaches(watched, { ran: "LOST", held: "LOST" }, 40_000);
    expect(watched.view.task("ran")?.doubtAt).toBeLessThan(killedAt + 30_000);
    expect([...watched.view.workers.all()]).toMatchObject([{ name: "garden@fleet", state: "lost" }]);
    const reasons = await Promise.all(
      ["ran", "held"].map(async (id) => (await eventsOf(watched, id)).find(({ type }) => type === "task.lost")?.payload?.data),
    );
    expect(reasons).toEqual([expect.stringContaining("will not run again"), expect.stringContaining("will be delivered again")]);

    await fleet.start([{ name: "orchard", queues: QUEUES, visibilityTimeout: 2 }]);
    await reaches(watched, { held: "SUCCESS", ran: "LOST" }, 60_000);
    expect(watched.view.task("held")).toMatchObject({ worker: "orchard@fleet", run: 1 });
  });
});

describe.skipIf(!hasVenv("celery-5.6"))("a worker that stops", () => {
  test("warmly, is stopped, and what it has begun ends as it should", async () => {
    await start("celery-5.6", { concurrency: 1, more: ["--prefetch-multiplier", "1"] });
    const watched = await watch();
    await app.send(sleeper("runs", 12), sleeper("held", 0));
    await reaches(watched, { runs: "STARTED", held: "RECEIVED" });
    const stopping = fleet.stop(["garden"]);
    await expect.poll(() => [...watched.view.workers.all()].map((worker) => worker.state), { timeout: SOON_MS }).toEqual(["stopped"]);
    const seen = new Set<string | undefined>();
    await expect
      .poll(
        () => {
          seen.add(state(watched, "runs"));
          return state(watched, "runs");
        },
        { timeout: SOON_MS, interval: 100 },
      )
      .toBe("SUCCESS");
    expect([...seen]).toEqual(["STARTED", "SUCCESS"]);
    await stopping;
    await reaches(watched, { held: "PENDING" });
    await fleet.start([{ name: "orchard", queues: QUEUES }]);
    await reaches(watched, { held: "SUCCESS" });
  });
});

describe.skipIf(!hasVenv("celery-5.7"))("a worker with a solo pool", () => {
  test("neither beats nor answers while it works, and is not believed dead for that", async () => {
    await start("celery-5.7", { pool: "solo", concurrency: 1 });
    const watched = await watch();
    await expect.poll(() => [...watched.view.workers.all()].map(({ pool }) => pool), { timeout: SOON_MS }).toEqual(["solo"]);
    await app.send(sleeper("runs", 30));
    // That it began is told when it ends: a solo pool blocks its worker's own loop.
    await reaches(watched, { runs: "RECEIVED" });
    const seen = new Set<string>();
    await expect
      .poll(
        () => {
          seen.add(`${state(watched, "runs")} on ${[...watched.view.workers.all()].map((worker) => worker.state).join()}`);
          return state(watched, "runs");
        },
        { timeout: 60_000, interval: 250 },
      )
      .toBe("SUCCESS");
    expect([...seen].filter((one) => /lost|LOST|ENDED/.test(one))).toEqual([]);
  });
});
