/** How long a restart takes, and how much memory a task needs, with Flower's persistent mode beside: `node bench/replay.ts --help`. */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Redis } from "ioredis";
import { connectRedis } from "../lib/redis.ts";
import { type RedisServer, withRedis } from "../lib/testing/redis-server.ts";
import { startChild } from "./child.ts";
import { figureOf, report } from "./figures.ts";
import { fillLog } from "./fill.ts";
import { startFlower } from "./flower.ts";
import { startPerennial } from "./perennial.ts";
import { cpuSeconds, memoryOf, waitedMs } from "./usage.ts";

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "100000,1000000" },
    flower: { type: "string", default: "100000" },
    repeats: { type: "string", default: "3" },
    help: { type: "boolean" },
  },
});
const HELP = `Restarts the watcher on the history of so many tasks: time until it shows all of them, and the memory that it then takes.
  --tasks LIST   tasks in Perennial's log, three events each (100000,1000000)
  --flower LIST  tasks in Flower's file (100000); empty for none
  --repeats N    restarts of each (3)
`;
const PUBLISH = new URL("publish.ts", import.meta.url).pathname;
/** Events a second that Flower takes in without falling behind. */
const FLOWER_RATE = 3_000;
const SETTLE_MS = 5_000;

interface Restart {
  /** Without what its first thread waited for a core. */
  seconds: number;
  waitedSeconds: number;
  cpuSeconds: number;
  restingMb: number;
  peakMb: number;
}

if (values.help === true) process.stdout.write(HELP);
else await measure();

async function measure(): Promise<void> {
  const repeats = Number(values.repeats);
  const emptyMb = await perennialWithout();
  const rows: Record<string, unknown>[] = [];
  for (const tasks of numbers(values.tasks)) rows.push(await perennial(tasks, repeats, emptyMb));
  for (const tasks of numbers(values.flower)) rows.push(await flower(tasks, repeats));
  report("replay", { repeats }, rows);
}

async function perennial(tasks: number, repeats: number, emptyMb: number): Promise<Record<string, unknown>> {
  await using redis = await withRedis();
  const control = connectRedis(redis.url, { name: "bench-replay" });
  const emptyBytes = await usedBytes(control);
  await fillLog(redis.url, tasks);
  const used = (await usedBytes(control)) - emptyBytes;
  const keys = await keyBytes(control);
  const restarts: Restart[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) restarts.push(await restartPerennial(redis, tasks));
  control.disconnect();
  return {
    watcher: "perennial",
    tasks,
    ...summary(restarts),
    "bytes a task, process": figureOf(restarts.map(({ restingMb }) => ((restingMb - emptyMb) * 2 ** 20) / tasks)),
    "in Redis, keys": keys / tasks,
    "in Redis, used_memory": used / tasks,
  };
}

async function restartPerennial(redis: RedisServer, tasks: number): Promise<Restart> {
  const begunAt = performance.now();
  const watcher = await startPerennial(redis.url, ["--max-tasks", String(tasks * 2 + 1)]);
  try {
    const waitedSeconds = waitedMs(watcher.child.pid) / 1_000;
    const seconds = (performance.now() - begunAt) / 1_000 - waitedSeconds;
    const cpu = cpuSeconds(watcher.child.pid);
    const shown = await watcher.countTasks();
    if (shown !== tasks) throw new Error(`${shown} of ${tasks} tasks are shown`);
    await delay(SETTLE_MS);
    const { bytes, peakBytes } = memoryOf(watcher.child.pid);
    return { seconds, waitedSeconds, cpuSeconds: cpu, restingMb: bytes / 2 ** 20, peakMb: peakBytes / 2 ** 20 };
  } finally {
    await watcher.stop();
  }
}

/** What the process takes with an empty log. */
async function perennialWithout(): Promise<number> {
  await using redis = await withRedis();
  return (await restartPerennial(redis, 0)).restingMb;
}

/** Flower keeps its tasks in a file, written when it ends in good order. */
async function flower(tasks: number, repeats: number): Promise<Record<string, unknown>> {
  await using redis = await withRedis();
  const folder = mkdtempSync(join(tmpdir(), "perennial-bench-"));
  const file = join(folder, "flower");
  const options = ["--persistent=True", `--db=${file}`];
  try {
    const first = await startFlower(redis.url, options);
    const emptyMb = memoryOf(first.child.pid).bytes / 2 ** 20;
    await using publisher = startChild(process.execPath, [
      PUBLISH,
      "--url",
      redis.url,
      "--tasks",
      String(tasks),
      "--rate",
      String(FLOWER_RATE),
    ]);
    for await (const _ of publisher.lines());
    while ((await first.countTasks()) < tasks) await delay(1_000);
    const livingMb = memoryOf(first.child.pid).bytes / 2 ** 20;
    await first.stop();
    const restarts: Restart[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) {
      const begunAt = performance.now();
      const watcher = await startFlower(redis.url, options, 0);
      const shown = await watcher.countTasks();
      const waitedSeconds = waitedMs(watcher.child.pid) / 1_000;
      const seconds = (performance.now() - begunAt) / 1_000 - waitedSeconds;
      if (shown !== tasks) throw new Error(`Flower shows ${shown} of ${tasks} tasks`);
      const { bytes, peakBytes } = memoryOf(watcher.child.pid);
      restarts.push({
        seconds,
        waitedSeconds,
        cpuSeconds: cpuSeconds(watcher.child.pid),
        restingMb: bytes / 2 ** 20,
        peakMb: peakBytes / 2 ** 20,
      });
      await watcher.stop();
    }
    return {
      watcher: "flower --persistent",
      tasks,
      ...summary(restarts),
      "bytes a task, process": ((livingMb - emptyMb) * 2 ** 20) / tasks,
      "bytes a task, file": folderBytes(folder) / tasks,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function summary(restarts: readonly Restart[]) {
  return {
    "ready after s": figureOf(restarts.map(({ seconds }) => seconds)),
    "and waited for a core s": figureOf(restarts.map(({ waitedSeconds }) => waitedSeconds)),
    "CPU s": figureOf(restarts.map((restart) => restart.cpuSeconds)),
    "resident MB": figureOf(restarts.map(({ restingMb }) => restingMb)),
    "peak MB": figureOf(restarts.map(({ peakMb }) => peakMb)),
  };
}

async function usedBytes(control: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await control.info("memory"))?.[1]);
}

/** `SAMPLES 0` looks at every entry instead of guessing from some. */
async function keyBytes(control: Redis): Promise<number> {
  let bytes = 0;
  for (const key of await control.keys("perennial:*")) bytes += Number(await control.call("MEMORY", "USAGE", key, "SAMPLES", "0"));
  return bytes;
}

/** The database gives the file a name of its own. */
function folderBytes(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

function numbers(list: string): number[] {
  return list === "" ? [] : list.split(",").map(Number);
}
