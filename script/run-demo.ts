import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { withRedis } from "../lib/testing/redis-server.ts";

/** Called by script/demo when everything that it needs is installed and built. */

const PORT = 8555;
const WORKERS = [
  { name: "garden-1", queues: ["default", "math", "slow"], concurrency: 2 },
  { name: "garden-2", queues: ["math", "default", "prio", "slow"], concurrency: 2 },
  { name: "pond-1", queues: ["poolthreads"], pool: "threads", concurrency: 4 },
];
/** Something happens all the time, and two cores can still do other things. */
const TASKS_PER_SECOND = 4;
/** A producer's round: it draws from all its kinds of work, then begins anew. */
const ROUND = 2_000;

const folder = mkdtempSync(join(tmpdir(), "perennial-demo-"));
const started: (() => Promise<void>)[] = [];
let isEnding = false;

// Children are in process groups of their own: a Ctrl-C reaches us alone, and we end them in order.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void end(0));

try {
  await start();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  await end(1);
}

async function start(): Promise<void> {
  const given = process.env["REDIS_URL"];
  const [broker, results] = given === undefined || given === "" ? await ownRedis() : [given, given];
  const address = await startPerennial(broker, results);
  console.log(`\n  Perennial is at ${address}\n  Ctrl-C ends it and all that was started for it.\n`);
  await startFleet(broker, results);
  console.log(
    `  ${WORKERS.length} Celery workers run about ${TASKS_PER_SECOND} tasks a second; some fail, some are killed, that is the demonstration.\n`,
  );
}

async function ownRedis(): Promise<[broker: string, results: string]> {
  const redis = await withRedis({ detached: true });
  started.push(() => redis.stop());
  return [`${redis.url}/0`, `${redis.url}/1`];
}

async function startPerennial(broker: string, results: string): Promise<string> {
  const port = (await isFree(PORT)) ? PORT : 0;
  const args = ["server/cli.ts", "--name", "demo", "--broker", broker, "--results", results, "--port", String(port)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], detached: true });
  started.push(() => ended(child));
  endWith(child, "Perennial");
  for await (const line of createInterface({ input: child.stdout })) {
    if (/^https?:/.test(line)) {
      child.stdout.resume();
      return line;
    }
  }
  throw new Error("Perennial did not start.");
}

/** The fleet's supervisor takes commands as lines, and ends all its workers when there can be no more. */
async function startFleet(broker: string, results: string): Promise<void> {
  const args = ["fleet/fleet.py", "--broker", broker, "--results", results, "--folder", folder];
  const child = spawn(".tools/python/celery-5.7/bin/python", args, { stdio: ["pipe", "pipe", "inherit"], detached: true });
  started.push(() => ended(child));
  endWith(child, "The fleet");
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (command: Record<string, unknown>): Promise<void> => {
    child.stdin.write(`${JSON.stringify({ id: 0, ...command })}\n`);
    const { value } = await answers.next();
    const answer = JSON.parse(value ?? "{}") as { error?: string };
    if (answer.error !== undefined) throw new Error(`The fleet: ${answer.error}`);
  };
  await ask({ do: "start", workers: WORKERS });
  void (async () => {
    for (let seed = 1; !isEnding; seed++) await ask({ do: "produce", count: ROUND, rate: TASKS_PER_SECOND, seed });
  })().catch((error: unknown) => {
    if (!isEnding) console.error(error);
  });
}

/** What ends by itself takes the demonstration with it. */
function endWith(child: ChildProcess, name: string): void {
  child.once("exit", () => {
    if (isEnding) return;
    console.error(`${name} ended by itself; so does the demonstration.`);
    void end(1);
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  await exit;
}

async function end(code: number): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  for (const stop of started.reverse()) await stop();
  rmSync(folder, { recursive: true, force: true });
  process.exit(code);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
