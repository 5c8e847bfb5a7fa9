import { parseArgs } from "node:util";
import { reasonOf } from "../lib/errors.ts";
import { loadApplication } from "./application-module.ts";
import { runBeat } from "./beat/beat.ts";
import type { Celery } from "./celery.ts";
import { setLogLevel } from "./log.ts";
import { POOLS } from "./pool/pools.ts";
import type { WorkerOptions } from "./run/worker.ts";

const USAGE = `Usage: node worker/cli.ts -A MODULE [worker | beat] [options]

  -A, --app MODULE               module whose default export, or export "app", is the application; MODULE:NAME for another
  -Q, --queues NAMES             queues to consume, separated by commas
  -c, --concurrency N            how many tasks run at once
  -P, --pool NAME                ${Object.keys(POOLS).join(", ")}
  -n, --hostname NAME            name of the node, such as w1@%h
  -l, --loglevel LEVEL           DEBUG, INFO, WARNING or ERROR
  -E, --task-events              tell of tasks from the start
      --prefetch-multiplier N    messages held for each slot
      --autoscale MAX,MIN        grow and shrink the pool
      --max-tasks-per-child N    tasks after which a process of the pool is replaced
      --max-memory-per-child K   KiB of memory after which it is
      --time-limit S  --soft-time-limit S
                                 limits of tasks that have none
      --heartbeat-interval S     seconds between heartbeats
      --without-heartbeat  --without-gossip  --without-mingle

beat sends what the application's beatSchedule says, and takes of these -A, -l and
      --max-interval S           longest pause between two looks at the schedule
`;

const OPTIONS = {
  app: { type: "string", short: "A" },
  queues: { type: "string", short: "Q" },
  concurrency: { type: "string", short: "c" },
  pool: { type: "string", short: "P", default: "async" },
  hostname: { type: "string", short: "n" },
  loglevel: { type: "string", short: "l", default: "WARNING" },
  "task-events": { type: "boolean", short: "E", default: false },
  "prefetch-multiplier": { type: "string" },
  autoscale: { type: "string" },
  "max-tasks-per-child": { type: "string" },
  "max-memory-per-child": { type: "string" },
  "time-limit": { type: "string" },
  "soft-time-limit": { type: "string" },
  "heartbeat-interval": { type: "string" },
  "without-heartbeat": { type: "boolean", default: false },
  "without-gossip": { type: "boolean", default: false },
  "without-mingle": { type: "boolean", default: false },
  "max-interval": { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  const [command = "worker"] = positionals;
  if (values.help || values.app === undefined || (command !== "worker" && command !== "beat")) {
    console.log(USAGE);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  setLogLevel(levelOf(values.loglevel));
  const app = await loadApplication(values.app);
  if (command === "beat") return beat(app, values["max-interval"]);
  const pool = POOLS[values.pool];
  if (pool === undefined) throw new TypeError(`There is no pool ${values.pool}: choose one of ${Object.keys(POOLS).join(", ")}`);
  const options: WorkerOptions = {
    pool: pool({
      module: values.app,
      ...(values["max-tasks-per-child"] === undefined
        ? {}
        : { maxTasksPerChild: count(values["max-tasks-per-child"], "max-tasks-per-child") }),
      ...(values["max-memory-per-child"] === undefined
        ? {}
        : { maxMemoryPerChild: count(values["max-memory-per-child"], "max-memory-per-child") }),
    }),
    taskEvents: values["task-events"],
    heartbeat: !values["without-heartbeat"],
    gossip: !values["without-gossip"],
    mingle: !values["without-mingle"],
    ...(values.queues === undefined ? {} : { queues: values.queues.split(",").map((queue) => queue.trim()) }),
    ...(values.concurrency === undefined ? {} : { concurrency: count(values.concurrency, "concurrency") }),
    ...(values.hostname === undefined ? {} : { hostname: values.hostname }),
    ...(values["prefetch-multiplier"] === undefined
      ? {}
      : { prefetchMultiplier: count(values["prefetch-multiplier"], "prefetch-multiplier") }),
    ...(values["heartbeat-interval"] === undefined
      ? {}
      : { heartbeatMs: 1000 * count(values["heartbeat-interval"], "heartbeat-interval") }),
    ...(values["time-limit"] === undefined ? {} : { timeLimit: count(values["time-limit"], "time-limit") }),
    ...(values["soft-time-limit"] === undefined ? {} : { softTimeLimit: count(values["soft-time-limit"], "soft-time-limit") }),
    ...(values.autoscale === undefined ? {} : { autoscale: autoscaleOf(values.autoscale) }),
  };
  const { warm, cold } = shutdownSignals();
  await app.worker(options).run(warm, cold);
  app.close();
  // What an application has opened, or a function that goes on after its limit, must not keep the process.
  process.exit();
}

async function beat(app: Celery, maxInterval: string | undefined): Promise<void> {
  await runBeat({
    app,
    signal: shutdownSignals().warm,
    ...(app.beatSchedule === undefined ? {} : { schedule: app.beatSchedule }),
    ...(maxInterval === undefined ? {} : { maxIntervalMs: 1000 * count(maxInterval, "max-interval") }),
  });
  app.close();
}

/** The first TERM or INT finishes what runs, the second INT, or QUIT, gives it up; as in Celery, TERM again changes nothing. */
function shutdownSignals(): { warm: AbortSignal; cold: AbortSignal } {
  const warm = new AbortController();
  const cold = new AbortController();
  process.on("SIGTERM", () => warm.abort());
  process.on("SIGINT", () => (warm.signal.aborted ? cold : warm).abort());
  process.on("SIGQUIT", () => {
    cold.abort();
    warm.abort();
  });
  return { warm: warm.signal, cold: cold.signal };
}

function levelOf(level: string): "info" | "warning" | "error" {
  const lower = level.toLowerCase();
  return lower === "debug" || lower === "info" ? "info" : lower === "warning" ? "warning" : "error";
}

function count(text: string, option: string): number {
  const number = Number(text);
  if (!(number >= 0)) throw new TypeError(`--${option} needs a number`);
  return number;
}

function autoscaleOf(text: string): { max: number; min: number } {
  const [max = "", min = "0"] = text.split(",");
  return { max: count(max, "autoscale"), min: count(min, "autoscale") };
}

main().catch((error: unknown) => {
  console.error(reasonOf(error));
  process.exit(1); // connections may be open already
});
