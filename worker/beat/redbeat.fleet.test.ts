import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { connectRedis, disconnect } from "../../lib/redis.ts";
import { hasVenv, python } from "../../lib/testing/fleet.ts";
import { type RedisServer, withRedis } from "../../lib/testing/redis-server.ts";
import { decodeRedbeatMeta } from "../../lib/wire/celery/redbeat.ts";
import { Celery } from "../celery.ts";
import { type BeatOptions, runBeat } from "./beat.ts";
import { crontab, interval } from "./entry.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const ZONE = "Europe/Berlin";
const HOUR_S = 3_600;
const LOCK_MS = 5_000;

/** An entry as `fleet/beat.py` saves it. */
interface PythonEntry {
  name: string;
  task: string;
  every?: number;
  crontab?: Record<string, unknown>;
  args?: unknown[];
  kwargs?: Record<string, unknown>;
  options?: Record<string, unknown>;
  enabled?: boolean;
  lastRunAt?: number;
  totalRunCount?: number;
}

/** An entry as Python's RedBeat reads it; times are epoch seconds. */
interface ShownEntry {
  name: string;
  task: string;
  args: unknown[];
  kwargs: Record<string, unknown>;
  options: Record<string, unknown>;
  schedule: string;
  enabled: boolean;
  score: number;
  lastRunAt: number | null;
  totalRunCount: number;
  nextRunAt: number | null;
}

let server: RedisServer;
let redis: Redis;
let consumer: Redis;
const ends: (() => Promise<unknown>)[] = [];

describe.skipIf(!hasVenv("redbeat"))("beside Python's RedBeat", () => {
  beforeAll(async () => {
    server = await withRedis();
    redis = connectRedis(server.url, { name: "test" });
    consumer = connectRedis(server.url, { name: "test-consumer", blocking: true });
  });

  afterAll(async () => {
    disconnect(redis);
    disconnect(consumer);
    await server.stop();
  });

  beforeEach(() => redis.flushall());

  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  test("entries that Python saved are run as it would have run them", async () => {
    const now = Math.floor(Date.now() / 1000);
    await save([
      { name: "tick", task: "tasks.tick", every: 0.5, args: [1, "two", { three: 3 }], kwargs: { k: "ü" }, lastRunAt: now - HOUR_S },
      {
        name: "missed",
        task: "tasks.missed",
        crontab: { minute: "*/5", hour: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23] },
        options: { queue: "other", priority: 6 },
        lastRunAt: now - 2 * HOUR_S,
        totalRunCount: 41,
      },
      { name: "later", task: "tasks.later", crontab: { minute: 0, hour: 4, day_of_week: "mon-fri", day_of_month: "1-15" } },
      { name: "off", task: "tasks.off", every: 1, enabled: false, lastRunAt: now - HOUR_S },
    ]);
    const beat = startOurs({});
    const messages = [await next("celery"), await next("celery")];
    const missed = await next("other\x06\x166");
    await beat.stop();
    messages.push(...(await redis.lrange("celery", 0, -1)));

    const entries = await show();
    expect(entries["tick"]?.totalRunCount).toBe(messages.length);
    expect(messages.map(callOf)).toEqual(messages.map(() => ["tasks.tick", [1, "two", { three: 3 }], { k: "ü" }]));
    expect(callOf(missed)).toEqual(["tasks.missed", [], {}]);
    expect(await redis.llen("other\x06\x166")).toBe(0);
    expect(entries["missed"]).toMatchObject({ totalRunCount: 42, options: { queue: "other", priority: 6 } });
    expect(entries["later"]?.totalRunCount).toBe(0);
    expect(entries["off"]?.totalRunCount).toBe(0);
    for (const name of ["tick", "missed"]) await expectAgreement(entries[name]);
  });

  test("entries of our settings are read by Python, and its beat goes on where ours ended", async () => {
    const schedule = {
      tick: { task: "tasks.tick", schedule: interval(500), args: [1], kwargs: { k: "v" }, options: { expires: 60 } },
      daily: { task: "tasks.daily", schedule: crontab({ minute: 30, hour: "8-18/2", dayOfWeek: "mon-fri", monthOfYear: [1, 2, 12] }) },
    };
    const ours = startOurs({ schedule });
    await next("celery");
    await next("celery");
    await ours.stop();
    const [before, left] = [await show(), await redis.llen("celery")];
    expect(before["tick"]).toMatchObject({
      task: "tasks.tick",
      args: [1],
      kwargs: { k: "v" },
      options: { expires: 60 },
      totalRunCount: 2 + left,
    });
    expect(before["daily"]?.schedule).toBe("<crontab: 30 8-18/2 * 1,2,12 mon-fri (m/h/dM/MY/d)>");
    expect(await redis.smembers("redbeat::statics")).toHaveLength(2);
    for (const entry of Object.values(before)) await expectAgreement(entry);

    const theirs = startTheirs([
      { name: "tick", task: "tasks.tick", every: 0.5, args: [1] },
      { name: "daily", task: "tasks.daily", crontab: { minute: 30, hour: "8-18/2", day_of_week: "mon-fri", month_of_year: [1, 2, 12] } },
    ]);
    await redis.del("celery");
    await next("celery");
    await next("celery");
    await theirs.stop();
    const after = (await show())["tick"];
    expect(after?.totalRunCount).toBe(2 + left + 2 + (await redis.llen("celery")));

    const again = startOurs({});
    await next("celery");
    await again.stop();
    expect((await show())["tick"]?.totalRunCount).toBeGreaterThan(after?.totalRunCount ?? Infinity);
  });

  test("one leads at a time, and ours takes over when Python's is killed", async () => {
    const theirs = startTheirs([{ name: "tick", task: "tasks.tick", every: 0.5 }]);
    await next("celery");
    const token = await redis.get("redbeat::lock");
    const ours = startOurs({});
    await next("celery");
    expect(await redis.get("redbeat::lock")).toBe(token);
    await theirs.kill();
    await redis.del("celery");
    const [killedAt, { totalRunCount: counted }] = [Date.now(), await runsOf("tick")];

    await next("celery");
    expect(Date.now() - killedAt).toBeLessThan(LOCK_MS + 3_000);
    await ours.stop();
    // Every run that is counted since has its message: none is doubled, none forgotten.
    expect((await runsOf("tick")).totalRunCount).toBe((counted ?? 0) + 1 + (await redis.llen("celery")));
  });

  test("Python's waits while ours leads, and takes over when ours ends", async () => {
    const ours = startOurs({ schedule: { tick: { task: "tasks.tick", schedule: interval(500) } } });
    await next("celery");
    const token = await redis.get("redbeat::lock");
    const theirs = startTheirs([{ name: "tick", task: "tasks.tick", every: 0.5 }]);
    for (let message = 0; message < 6; message++) await next("celery");
    expect(await redis.get("redbeat::lock")).toBe(token);
    await ours.stop();
    await redis.del("celery");
    await next("celery");
    expect(await redis.get("redbeat::lock")).not.toBe(token);
    await theirs.stop();
  });
});

/** What Python makes of an entry is what we make of it: its last run, its next, and the score of the schedule. */
async function expectAgreement(entry: ShownEntry | undefined): Promise<void> {
  if (entry === undefined || entry.lastRunAt === null || entry.nextRunAt === null) throw new Error("an entry that never ran");
  const { lastRunAt, totalRunCount } = await runsOf(entry.name);
  expect(lastRunAt).toBeCloseTo(entry.lastRunAt * 1000, 0);
  expect(totalRunCount ?? 0).toBe(entry.totalRunCount);
  expect(entry.score).toBe(Math.floor(entry.nextRunAt + 0.000_5));
}

function startOurs(options: Partial<BeatOptions>): { stop(): Promise<void> } {
  const end = new AbortController();
  const app = new Celery({ broker: server.url, timezone: ZONE });
  const ended = runBeat({ app, signal: end.signal, maxIntervalMs: 500, lockTimeoutMs: LOCK_MS, ...options });
  const stop = async () => {
    end.abort();
    await ended;
    app.close();
  };
  ends.push(stop);
  return { stop };
}

function startTheirs(schedule: PythonEntry[]): { stop(): Promise<void>; kill(): Promise<void> } {
  const child = fleetBeat("run", { FLEET_SCHEDULE: JSON.stringify(schedule), FLEET_INTERVAL: "0.5", FLEET_LOCK: String(LOCK_MS / 1000) });
  child.stdout?.resume();
  child.stderr?.resume();
  const ended = once(child, "exit");
  const end = (signal: "SIGTERM" | "SIGKILL") => async () => {
    child.kill(signal);
    await ended;
  };
  ends.push(end("SIGKILL"));
  return { stop: end("SIGTERM"), kill: end("SIGKILL") };
}

async function save(entries: PythonEntry[]): Promise<void> {
  const child = fleetBeat("save", {});
  child.stdin?.end(JSON.stringify(entries));
  await outputOf(child);
}

async function show(): Promise<{ [name: string]: ShownEntry }> {
  const entries = JSON.parse(await outputOf(fleetBeat("show", {}))) as ShownEntry[];
  return Object.fromEntries(entries.map((entry) => [entry.name, entry]));
}

function fleetBeat(what: string, environment: Record<string, string>): ChildProcess {
  return spawn(python("redbeat"), [join(ROOT, "fleet", "beat.py"), what], {
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1", FLEET_BROKER: server.url, FLEET_ZONE: ZONE, ...environment },
  });
}

async function outputOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null || child.stderr === null) throw new Error("no output");
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  if (child.exitCode !== 0) throw new Error(errors);
  return out;
}

async function runsOf(name: string) {
  const meta = decodeRedbeatMeta((await redis.hget(`redbeat:${name}`, "meta")) ?? "");
  if (!meta.ok) throw new Error(meta.reason);
  return meta.value;
}

async function next(list: string): Promise<string> {
  const taken = await consumer.brpop(list, 10);
  if (taken === null) throw new Error(`nothing was sent to ${list}`);
  return taken[1];
}

function callOf(message: string): unknown[] {
  const { headers, body } = JSON.parse(message) as { headers: Record<string, unknown>; body: string };
  const [args, kwargs] = JSON.parse(Buffer.from(body, "base64").toString()) as unknown[];
  return [headers["task"], args, kwargs];
}
