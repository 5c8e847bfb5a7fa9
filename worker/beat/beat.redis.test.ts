import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { connectRedis, disconnect } from "../../lib/redis.ts";
import { type RedisServer, withRedis } from "../../lib/testing/redis-server.ts";
import { encodeRedbeatMeta } from "../../lib/wire/celery/encode-redbeat.ts";
import { decodeRedbeatMeta, encodeRunNowMeta } from "../../lib/wire/celery/redbeat.ts";
import { timeZone } from "../../lib/wire/celery/time-zone.ts";
import { Celery } from "../celery.ts";
import type { LogEntry } from "../log.ts";
import { type BeatApp, type BeatOptions, runBeat } from "./beat.ts";
import { type BeatEntry, crontab, definitionOf, interval } from "./entry.ts";

const HOUR_MS = 3_600_000;
const UTC = zone("UTC");
const QUICK = { maxIntervalMs: 100, lockTimeoutMs: 1_500 };

let server: RedisServer;
let redis: Redis;
/** For commands that wait for a message. */
let consumer: Redis;
const running = new Set<Beat>();

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
  await Promise.all(Array.from(running, (beat) => beat.stop()));
});

test("an entry is sent again and again, and beat writes down when and how often", async () => {
  const beat = start({ schedule: { tick: { task: "tasks.tick", schedule: interval(50), args: [1], options: { queue: "ticks" } } } });
  const messages = [await next("ticks"), await next("ticks"), await next("ticks")];
  await beat.stop();
  messages.push(...(await redis.lrange("ticks", 0, -1)));

  const { lastRunAt, totalRunCount } = await runsOf("tick");
  expect(totalRunCount).toBe(messages.length);
  expect(lastRunAt).toBeGreaterThan(Date.now() - 10_000);
  expect(await redis.smembers("redbeat::statics")).toEqual(["tick"]);
  expect(await redis.exists("redbeat::lock")).toBe(0);
  for (const message of messages) {
    const { headers, body } = JSON.parse(message) as { headers: Record<string, unknown>; body: string };
    expect(headers).toMatchObject({ task: "tasks.tick", argsrepr: "[1]", kwargsrepr: "{}", celery_beat_task: true, parent_id: null });
    expect(JSON.parse(Buffer.from(body, "base64").toString())).toMatchObject([[1], {}, {}]);
  }
});

test("what fell due while nobody ran is sent once, and then goes on from now", async () => {
  const entry = { task: "tasks.late", schedule: interval(60_000) };
  await save("late", entry, Date.now() - HOUR_MS);
  const beat = start({});
  await next("celery");
  await beat.stop();
  expect(await redis.llen("celery")).toBe(0);
  const { lastRunAt } = await runsOf("late");
  expect(await score("late")).toBe(Math.floor(((lastRunAt ?? 0) + 60_000) / 1000));
});

test("a restart neither forgets nor doubles", async () => {
  const schedule = {
    hourly: { task: "tasks.hourly", schedule: interval(HOUR_MS) },
    soon: { task: "tasks.soon", schedule: interval(HOUR_MS) },
  };
  const hourlyAt = Date.now() - HOUR_MS / 2;
  await save("hourly", schedule.hourly, hourlyAt);
  await save("soon", schedule.soon, Date.now() - HOUR_MS + 300);
  const beat = start({ schedule });
  expect(taskOf(await next("celery"))).toBe("tasks.soon");
  await beat.stop();
  expect(await redis.llen("celery")).toBe(0);
  expect((await runsOf("hourly")).lastRunAt).toBe(hourlyAt);
});

test("entries that left the settings leave the schedule, those of others stay", async () => {
  await start({ schedule: { old: { task: "tasks.old", schedule: crontab() }, kept: { task: "tasks.kept", schedule: crontab() } } }).led();
  await Promise.all(Array.from(running, (beat) => beat.stop()));
  await save("others", { task: "tasks.others", schedule: crontab() }, Date.now());
  await start({ schedule: { kept: { task: "tasks.kept", schedule: crontab({ minute: 5 }) } } }).led();
  await expect.poll(() => redis.exists("redbeat:old")).toBe(0);
  expect((await redis.zrange("redbeat::schedule", "0", "-1")).sort()).toEqual(["redbeat:kept", "redbeat:others"]);
  expect(await redis.smembers("redbeat::statics")).toEqual(["kept"]);
  expect(await redis.hget("redbeat:kept", "definition")).toContain('"minute": "5"');
});

test("a beat without settings runs what stands in Redis and takes nothing away", async () => {
  await start({ schedule: { kept: { task: "tasks.kept", schedule: crontab() } } }).led();
  await Promise.all(Array.from(running, (beat) => beat.stop()));
  await start({}).led();
  expect(await redis.smembers("redbeat::statics")).toEqual(["kept"]);
});

test("what an operator does is followed: run now, switched off, switched on", async () => {
  const entry = { task: "tasks.slow", schedule: interval(HOUR_MS) };
  await save("slow", entry, Date.now());
  start({});
  await redis
    .multi()
    .hset("redbeat:slow", "meta", encodeRunNowMeta(7))
    .zadd("redbeat::schedule", Math.floor(Date.now() / 1000), "redbeat:slow")
    .exec();
  await next("celery");
  expect((await runsOf("slow")).totalRunCount).toBe(8);

  await save("off", { ...entry, enabled: false }, Date.now() - 2 * HOUR_MS);
  await save("on", entry, Date.now() - 2 * HOUR_MS);
  await next("celery");
  expect((await runsOf("on")).totalRunCount).toBe(1);
  expect((await runsOf("off")).totalRunCount).toBeNull();
});

test("a beat that has lost its lock without knowing sends nothing", async () => {
  const beat = start({ schedule: { tick: { task: "tasks.tick", schedule: interval(50) } } }, async () => {
    await redis.set("redbeat::lock", "another", "PX", 60_000); // as if this process had slept for longer than the lock lives
  });
  await beat.said("beat has lost its lock");
  expect(await redis.llen("celery")).toBe(0);
  expect((await runsOf("tick")).totalRunCount).toBeNull();
  await beat.stop();
  expect(await redis.get("redbeat::lock")).toBe("another");
});

test("an entry that is changed while it is about to be sent is read again first", async () => {
  const entry = { task: "tasks.tick", schedule: interval(50) };
  let first = true;
  start({ schedule: { tick: entry } }, async () => {
    if (first) await redis.hset("redbeat:tick", "definition", definitionOf("tick", { ...entry, args: ["new"] }, UTC));
    first = false;
  });
  const { body } = JSON.parse(await next("celery")) as { body: string };
  expect(JSON.parse(Buffer.from(body, "base64").toString())).toMatchObject([["new"], {}, {}]);
});

test("an entry that cannot be run is said once, and holds no other up", async () => {
  const solar = '{"name": "sun", "task": "t", "schedule": {"__type__": "solar", "event": "sunset"}}';
  await redis.multi().hset("redbeat:sun", "definition", solar).zadd("redbeat::schedule", 1, "redbeat:sun").exec();
  await redis.multi().hset("redbeat:broken", "definition", "{").zadd("redbeat::schedule", 1, "redbeat:broken").exec();
  await redis.zadd("redbeat::schedule", 1, "redbeat:gone");
  const beat = start({ schedule: { tick: { task: "tasks.tick", schedule: interval(20) } } });
  for (let message = 0; message < 5; message++) await next("celery");
  await beat.stop();
  const complaints = beat.log.filter(({ text }) => text === "an entry cannot be sent");
  expect(complaints.map(({ about }) => about?.["key"]).sort()).toEqual(["redbeat:broken", "redbeat:sun"]);
  expect(complaints.find(({ about }) => about?.["key"] === "redbeat:sun")?.about?.["reason"]).toContain("position of the sun");
  expect(await redis.zscore("redbeat::schedule", "redbeat:gone")).toBeNull();
});

test("a message that cannot be pushed is no run", async () => {
  await redis.set("celery", "no list");
  const beat = start({ schedule: { tick: { task: "tasks.tick", schedule: interval(HOUR_MS) } } });
  await beat.led();
  await save("late", { task: "tasks.late", schedule: interval(HOUR_MS) }, Date.now() - 2 * HOUR_MS);
  await beat.said("the schedule cannot be followed, trying again");
  expect((await runsOf("late")).totalRunCount).toBeNull();
  await redis.del("celery");
  expect(taskOf(await next("celery"))).toBe("tasks.late");
});

test("lost connections are survived, with every run sent once", async () => {
  const beat = start({ schedule: { tick: { task: "tasks.tick", schedule: interval(1) } } });
  for (let time = 0; time < 5; time++) {
    await next("celery");
    await redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").catch(() => {});
    consumer = await reconnected(consumer);
  }
  await next("celery");
  await beat.stop();
  expect((await runsOf("tick")).totalRunCount).toBe(6 + (await redis.llen("celery")));
});

test("a schedule that is kept elsewhere sends to the broker all the same", async () => {
  const beat = start({ store: `${server.url}/1`, schedule: { tick: { task: "tasks.tick", schedule: interval(50) } } });
  expect(taskOf(await next("celery"))).toBe("tasks.tick");
  await beat.stop();
  expect(await redis.exists("redbeat:tick")).toBe(0);
});

test("nothing is doubled or forgotten when the leader of two is killed, again and again", { timeout: 60_000 }, async () => {
  const beats = [startProcess(), startProcess()];
  let popped = 0;
  const pop = async () => {
    await next("celery");
    popped++;
  };
  try {
    for (let round = 0; round < 4; round++) {
      const leader = await Promise.race(beats.map(async (beat) => beat.led.then(() => beat)));
      for (let message = 0; message < 20; message++) await pop();
      leader.child.kill("SIGKILL");
      await once(leader.child, "exit");
      popped += await redis.llen("celery");
      await redis.del("celery");
      const killedAt = Date.now();
      await pop(); // of the one that stood by
      expect(Date.now() - killedAt).toBeLessThan(QUICK.lockTimeoutMs + 2_000);
      beats.splice(beats.indexOf(leader), 1, startProcess());
    }
  } finally {
    for (const { child } of beats) child.kill("SIGKILL");
    await Promise.all(beats.map(async ({ child }) => child.exitCode ?? child.signalCode ?? once(child, "exit")));
  }
  expect((await runsOf("tick")).totalRunCount).toBe(popped + (await redis.llen("celery")));
});

test("the command line runs the schedule of a module's application", async () => {
  const folder = mkdtempSync(join(tmpdir(), "perennial-beat-"));
  writeFileSync(
    join(folder, "app.mjs"),
    `import { Celery, interval } from ${JSON.stringify(join(import.meta.dirname, "../index.ts"))};
    export const app = new Celery({ broker: ${JSON.stringify(server.url)} });
    const tick = app.task("tasks.tick", () => {});
    app.beatSchedule = { tick: { task: tick, schedule: interval(20) } };`,
  );
  const cli = join(import.meta.dirname, "../cli.ts");
  const child = spawn(process.execPath, [cli, "-A", join(folder, "app.mjs"), "beat", "--max-interval", "0.1"], { stdio: "inherit" });
  try {
    expect(taskOf(await next("celery"))).toBe("tasks.tick");
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(await redis.exists("redbeat::lock")).toBe(0);
  } finally {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  }
});

test("a zone that does not exist is refused", async () => {
  const app = new Celery({ broker: server.url, timezone: "Mars/Olympus" });
  await expect(runBeat({ app, signal: AbortSignal.timeout(1_000) })).rejects.toMatchObject({ code: "bad-input" });
});

interface Beat {
  log: LogEntry[];
  led(): Promise<void>;
  said(text: string): Promise<void>;
  stop(): Promise<void>;
}

/** @param meanwhile happens each time after an entry is read and before it is sent */
function start(options: Partial<BeatOptions>, meanwhile = async (): Promise<void> => {}): Beat {
  const end = new AbortController();
  const log: LogEntry[] = [];
  const app = new Celery({ broker: server.url, log: (entry) => log.push(entry) });
  const publisher: BeatApp["publisher"] = {
    prepare: async (call) => {
      await meanwhile();
      return app.publisher.prepare(call);
    },
  };
  const ended = runBeat({ app: { settings: app.settings, publisher }, signal: end.signal, ...QUICK, ...options });
  const said = (text: string) => expect.poll(() => log.map((entry) => entry.text), { timeout: 10_000 }).toContain(text);
  const beat: Beat = {
    log,
    said,
    led: () => said("beat leads"),
    stop: async () => {
      end.abort();
      running.delete(beat);
      await ended;
      app.close();
    },
  };
  running.add(beat);
  return beat;
}

/** A beat in a process of its own, with an entry that is due all the time. */
function startProcess(): { child: ChildProcess; led: Promise<void> } {
  const module = (name: string) => JSON.stringify(join(import.meta.dirname, name));
  const code = `
    import { runBeat } from ${module("beat.ts")};
    import { interval } from ${module("entry.ts")};
    import { Celery } from ${module("../celery.ts")};
    const log = ({ text }) => process.stdout.write(text + "\\n");
    const app = new Celery({ broker: ${JSON.stringify(server.url)}, log });
    const schedule = { tick: { task: "tasks.tick", schedule: interval(1) } };
    await runBeat({ app, schedule, signal: new AbortController().signal, ...${JSON.stringify(QUICK)} });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  const led = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line === "beat leads") resolve();
    });
  });
  return { child, led };
}

function zone(name: string) {
  const known = timeZone(name);
  if (known === null) throw new Error(`no zone ${name}`);
  return known;
}

/** An entry as anybody may save it, with its last run. */
async function save(name: string, entry: BeatEntry, lastRunAt: number): Promise<void> {
  await redis
    .multi()
    .hset(
      `redbeat:${name}`,
      "definition",
      definitionOf(name, entry, UTC),
      "meta",
      encodeRedbeatMeta({ lastRunAt, totalRunCount: null }, UTC),
    )
    .zadd("redbeat::schedule", Math.floor(lastRunAt / 1000), `redbeat:${name}`)
    .exec();
}

async function runsOf(name: string) {
  const meta = decodeRedbeatMeta((await redis.hget(`redbeat:${name}`, "meta")) ?? "");
  if (!meta.ok) throw new Error(meta.reason);
  return meta.value;
}

async function score(name: string): Promise<number> {
  return Number(await redis.zscore("redbeat::schedule", `redbeat:${name}`));
}

/** The oldest message of a queue, as soon as there is one. */
async function next(queue: string): Promise<string> {
  const taken = await consumer.brpop(queue, 10);
  if (taken === null) throw new Error(`nothing was sent to ${queue}`);
  return taken[1];
}

function taskOf(message: string): unknown {
  return (JSON.parse(message) as { headers: Record<string, unknown> }).headers["task"];
}

async function reconnected(old: Redis): Promise<Redis> {
  disconnect(old);
  const fresh = connectRedis(server.url, { name: "test-consumer", blocking: true });
  await fresh.ping();
  return fresh;
}
