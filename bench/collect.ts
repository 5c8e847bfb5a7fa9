/** How many events a second are heard and stored, and at what cost, with Flower beside: `node bench/collect.ts --help`. */
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Redis } from "ioredis";
import { connectRedis } from "../lib/redis.ts";
import { withRedis } from "../lib/testing/redis-server.ts";
import { startChild } from "./child.ts";
import { type Figure, figureOf, percentile, report } from "./figures.ts";
import { startFlower } from "./flower.ts";
import { Marks } from "./marks.ts";
import { startPerennial } from "./perennial.ts";
import { cpuSeconds, memoryOf } from "./usage.ts";
import type { Start, Watcher } from "./watcher.ts";

const { values } = parseArgs({
  options: {
    rates: { type: "string", default: "1000,2000,5000,10000,20000,30000" },
    seconds: { type: "string", default: "10" },
    burst: { type: "string", default: "0" },
    repeats: { type: "string", default: "3" },
    watchers: { type: "string", default: "perennial,flower" },
    help: { type: "boolean" },
  },
});
const HELP = `Publishes the same events to a Redis that is watched by Perennial, then to one that is watched by Flower, and compares what
each has with what was sent.
  --rates LIST      events a second (1000,2000,5000,10000,20000,30000); empty for none
  --seconds N       for so long each (10)
  --burst N         besides, so many events as fast as Redis takes them (0)
  --repeats N       each so many times (3)
  --watchers LIST   perennial,flower
`;
const STARTS: Record<string, Start> = { perennial: startPerennial, flower: startFlower };
const PUBLISH = new URL("publish.ts", import.meta.url).pathname;
const PUBLISH_HEAP = "--max-old-space-size=6000";

const COUNT_EVERY_MS = 1_000;
/** Nothing more comes when nothing came for so long. */
const SILENCE_MS = 10_000;

interface Sent {
  events: number;
  tasks: number;
  byType: Record<string, number>;
  seconds: number;
  rate: number;
}

interface Run {
  sent: number;
  lost: number;
  /** Events a second as published. */
  rate: number;
  cpuSeconds: number;
  redisCpuSeconds: number;
  peakMb: number;
  latencyMs: number[];
  /** From the last event published to the last one visible. */
  behindMs: number;
  cutOff: number;
}

if (values.help === true) process.stdout.write(HELP);
else await measure();

async function measure(): Promise<void> {
  const [seconds, repeats, burst] = [values.seconds, values.repeats, values.burst].map(Number) as [number, number, number];
  const rates = values.rates === "" ? [] : values.rates.split(",").map(Number);
  const rows: Record<string, unknown>[] = [];
  for (const rate of burst > 0 ? [...rates, 0] : rates) {
    const tasks = Math.round((rate > 0 ? rate * seconds : burst) / 3);
    for (const watcher of values.watchers.split(",")) {
      const runs: Run[] = [];
      for (let repeat = 0; repeat < repeats; repeat++) runs.push(await one(STARTS[watcher]!, tasks, rate));
      rows.push({ events: rate > 0 ? `${rate} a second` : `burst of ${burst}`, watcher, ...summary(runs) });
      console.error(JSON.stringify(rows.at(-1)));
    }
  }
  report("collect", { seconds, burst, repeats }, rows);
}

function summary(runs: readonly Run[]): Record<string, Figure | number | string> {
  const all = (value: (run: Run) => number): Figure => figureOf(runs.map(value));
  return {
    "published a second": all(({ rate }) => rate),
    "runs without loss": `${runs.filter(({ lost }) => lost === 0).length} of ${runs.length}`,
    "lost %": all(({ lost, sent }) => (lost / sent) * 100),
    "CPU µs an event that it has": all((run) => (run.cpuSeconds / (run.sent - run.lost)) * 1e6),
    "Redis CPU µs an event sent": all((run) => (run.redisCpuSeconds / run.sent) * 1e6),
    "peak MB": all(({ peakMb }) => peakMb),
    "visible after ms, p50": all(({ latencyMs }) => percentile(latencyMs, 0.5)),
    p95: all(({ latencyMs }) => percentile(latencyMs, 0.95)),
    "all visible after the last, s": all(({ behindMs }) => behindMs / 1_000),
    "cut off by Redis": all(({ cutOff }) => cutOff),
  };
}

async function one(start: Start, tasks: number, rate: number): Promise<Run> {
  await using redis = await withRedis();
  const control = connectRedis(redis.url, { name: "bench-collect" });
  const watcher = await start(redis.url);
  try {
    await using publisher = startChild(process.execPath, [
      PUBLISH_HEAP,
      PUBLISH,
      "--url",
      redis.url,
      "--tasks",
      String(tasks),
      "--rate",
      String(rate),
    ]);
    const enough = new AbortController();
    const over = new AbortController();
    const marks = new Marks(watcher, (message) => control.publish("/0.celeryev/task.multi", message));
    let marking: Promise<void> | undefined;
    let sent: Sent | undefined;
    const before = { own: 0, redis: 0 };
    const subscribed = await subscribersOf(control);
    for await (const line of publisher.lines()) {
      if (line === "begun") {
        before.own = cpuSeconds(watcher.child.pid);
        before.redis = cpuSeconds(redis.pid);
        marking = marks.run(enough.signal, over.signal);
      } else sent = JSON.parse(line) as Sent;
    }
    if (sent === undefined) throw new Error("The publisher ended before it had sent all");
    const endedAt = performance.now();
    enough.abort();
    const wanted = sum(sent.byType) + marks.sent;
    const { has, at } = await settled(watcher, wanted);
    over.abort();
    await marking;
    const standing = await subscribersOf(control);
    const cutOff = [...subscribed].filter((id) => !standing.has(id)).length;
    return {
      sent: wanted,
      lost: wanted - has,
      rate: sent.rate,
      cpuSeconds: cpuSeconds(watcher.child.pid) - before.own,
      redisCpuSeconds: cpuSeconds(redis.pid) - before.redis,
      peakMb: memoryOf(watcher.child.pid).peakBytes / 2 ** 20,
      latencyMs: marks.latencyMs,
      behindMs: Math.max(0, at - endedAt),
      cutOff,
    };
  } finally {
    control.disconnect();
    await watcher.stop();
  }
}

/** The ids of the connections that hear what is published. Redis cuts one off that does not take it fast enough. */
async function subscribersOf(control: Redis): Promise<Set<string>> {
  const list = String(await control.client("LIST", "TYPE", "PUBSUB"));
  return new Set(Array.from(list.matchAll(/^id=(\d+)/gm), ([, id = ""]) => id));
}

/** Waits until the watcher has all that was sent, or nothing more comes. */
async function settled(watcher: Watcher, wanted: number): Promise<{ has: number; at: number }> {
  let has = -1;
  let at = performance.now();
  for (;;) {
    const now = sum(await watcher.countEvents());
    if (now !== has) at = performance.now();
    has = now;
    if (has >= wanted || performance.now() - at > SILENCE_MS) return { has, at };
    await delay(COUNT_EVERY_MS);
  }
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((all, count) => all + count, 0);
}
