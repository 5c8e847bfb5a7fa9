/** How long a scrape takes, with Flower beside: `node bench/metrics.ts --help`. */
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { withRedis } from "../lib/testing/redis-server.ts";
import { startChild } from "./child.ts";
import { figureOf, percentile, report } from "./figures.ts";
import { startFlower } from "./flower.ts";
import { startPerennial } from "./perennial.ts";
import { cpuSeconds } from "./usage.ts";
import { Waits } from "./waits.ts";
import type { Start } from "./watcher.ts";

const { values } = parseArgs({
  options: {
    workers: { type: "string", default: "20" },
    names: { type: "string", default: "100" },
    scrapes: { type: "string", default: "50" },
    repeats: { type: "string", default: "3" },
    help: { type: "boolean" },
  },
});
const HELP = `Scrapes /metrics after every worker has run tasks of every name.
  --workers N   (20)
  --names N     names of tasks (100)
  --scrapes N   one after another (50)
  --repeats N   median and spread of so many (3)
`;
const STARTS: Record<string, Start> = { perennial: startPerennial, flower: startFlower };
const PUBLISH = new URL("publish.ts", import.meta.url).pathname;
/** Runs of each name on each worker. */
const RUNS = 5;
/** Events a second that both take in without falling behind. */
const RATE = 3_000;
const WARM_UP = 5;

if (values.help === true) process.stdout.write(HELP);
else await measure(Number(values.repeats));

async function measure(repeats: number): Promise<void> {
  const rows: Record<string, unknown>[] = [];
  for (const [watcher, start] of Object.entries(STARTS)) {
    const runs: Awaited<ReturnType<typeof one>>[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) runs.push(await one(start));
    rows.push({
      watcher,
      "p50 ms": figureOf(runs.map(({ took }) => percentile(took, 0.5))),
      "p99 ms": figureOf(runs.map(({ took }) => percentile(took, 0.99))),
      "CPU ms each": figureOf(runs.map(({ cpuMs }) => cpuMs)),
      kB: figureOf(runs.map(({ bytes }) => bytes / 1_000)),
      series: figureOf(runs.map(({ series }) => series)),
    });
  }
  report("metrics", { workers: values.workers, names: values.names, scrapes: values.scrapes, repeats }, rows);
}

async function one(start: Start) {
  await using redis = await withRedis();
  const watcher = await start(redis.url);
  try {
    const { workers, names } = values;
    const tasks = String(Number(workers) * Number(names) * RUNS);
    const args = ["--url", redis.url, "--tasks", tasks, "--rate", String(RATE), "--workers", workers, "--names", names];
    await using publisher = startChild(process.execPath, [PUBLISH, ...args]);
    for await (const _ of publisher.lines());
    while ((await watcher.countTasks()) < Number(tasks)) await delay(500);
    for (let i = 0; i < WARM_UP; i++) await watcher.ask.get("/metrics");
    const waits = new Waits(watcher.child.pid);
    const before = cpuSeconds(watcher.child.pid);
    const took: number[] = [];
    let body = "";
    for (let i = 0; i < Number(values.scrapes); i++) {
      waits.begin();
      const answer = await watcher.ask.get("/metrics");
      took.push(answer.ms - waits.end());
      body = answer.body;
    }
    return {
      took,
      cpuMs: ((cpuSeconds(watcher.child.pid) - before) * 1_000) / took.length,
      bytes: body.length,
      series: body.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length,
    };
  } finally {
    await watcher.stop();
  }
}
