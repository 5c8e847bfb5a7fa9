/** What watching costs while nothing happens, with Flower beside: `node bench/idle.ts --help`. */
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Redis } from "ioredis";
import { connectRedis } from "../lib/redis.ts";
import { withRedis } from "../lib/testing/redis-server.ts";
import { figureOf, report } from "./figures.ts";
import { startFlower } from "./flower.ts";
import { startPerennial } from "./perennial.ts";
import { beatMessage } from "./traffic.ts";
import { cpuSeconds, memoryOf } from "./usage.ts";
import type { Start } from "./watcher.ts";

const { values } = parseArgs({
  options: {
    workers: { type: "string", default: "20" },
    seconds: { type: "string", default: "30" },
    settle: { type: "string", default: "15" },
    repeats: { type: "string", default: "3" },
    help: { type: "boolean" },
  },
});
const HELP = `CPU of the watcher and commands that it makes Redis run, while workers only beat.
  --workers N   each beats every 2 s (20)
  --seconds N   so long (30)
  --settle N    so long before, not counted (15)
  --repeats N   median and spread of so many (3)
`;
const STARTS: Record<string, Start> = { perennial: startPerennial, flower: startFlower };
const BEAT_MS = 2_000;

interface Commands {
  all: number;
  byName: Map<string, number>;
}

if (values.help === true) process.stdout.write(HELP);
else await measure(Number(values.workers), Number(values.seconds), Number(values.settle), Number(values.repeats));

async function measure(workers: number, seconds: number, settle: number, repeats: number): Promise<void> {
  const rows: Record<string, unknown>[] = [];
  for (const [watcher, start] of Object.entries(STARTS)) {
    const runs: Awaited<ReturnType<typeof one>>[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) runs.push(await one(start, workers, seconds, settle));
    rows.push({
      watcher,
      "CPU % of a core": figureOf(runs.map(({ percent }) => percent)),
      "Redis CPU %": figureOf(runs.map(({ redisPercent }) => redisPercent)),
      "commands a second": figureOf(runs.map(({ commands }) => commands)),
      "resident MB": figureOf(runs.map(({ megabytes }) => megabytes)),
      which: runs.at(-1)?.which,
    });
  }
  report("idle", { workers, seconds, settle, repeats }, rows);
}

async function one(start: Start, workers: number, seconds: number, settle: number) {
  await using redis = await withRedis();
  const control = connectRedis(redis.url, { name: "bench-idle" });
  const watcher = await start(redis.url);
  let beats = 0;
  const beating = setInterval(() => {
    for (let worker = 0; worker < workers; worker++)
      void control.publish("/0.celeryev/worker.heartbeat", beatMessage(`w${worker}@bench`, Date.now(), ++beats));
  }, BEAT_MS);
  try {
    await delay(settle * 1_000);
    const before = { own: cpuSeconds(watcher.child.pid), redis: cpuSeconds(redis.pid), commands: await commandsOf(control), beats };
    await delay(seconds * 1_000);
    const commands = await commandsOf(control);
    // Ours: the beats, and the one question between the two.
    const ours = beats - before.beats + 1;
    return {
      percent: ((cpuSeconds(watcher.child.pid) - before.own) / seconds) * 100,
      redisPercent: ((cpuSeconds(redis.pid) - before.redis) / seconds) * 100,
      commands: (commands.all - before.commands.all - ours) / seconds,
      which: busiest(before.commands, commands, seconds),
      megabytes: memoryOf(watcher.child.pid).bytes / 2 ** 20,
    };
  } finally {
    clearInterval(beating);
    control.disconnect();
    await watcher.stop();
  }
}

/** Commands that scripts run are counted too, as the scripts are. */
async function commandsOf(control: Redis): Promise<Commands> {
  const byName = new Map<string, number>();
  for (const [, name = "", calls] of (await control.info("commandstats")).matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm))
    byName.set(name, Number(calls));
  return { all: byName.values().reduce((sum, calls) => sum + calls, 0), byName };
}

function busiest(before: Commands, after: Commands, seconds: number): string {
  return [...after.byName]
    .map(([name, calls]): [string, number] => [name, (calls - (before.byName.get(name) ?? 0)) / seconds])
    .filter(([name, rate]) => rate >= 0.05 && name !== "publish")
    .toSorted(([, left], [, right]) => right - left)
    .slice(0, 8)
    .map(([name, rate]) => `${name} ${rate.toFixed(1)}`)
    .join(", ");
}
