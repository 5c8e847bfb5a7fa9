import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { withRedis } from "../lib/testing/redis-server.ts";

/** Called by script/demo when everything that it needs is installed and built. */

const PORT = 8555;
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
  startFleet(broker, results);
  console.log(`\n  Perennial is at ${address}\n  Celery workers of a small company begin their day. Ctrl-C ends all of it.\n`);
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

function startFleet(broker: string, results: string): void {
  const args = ["fleet/demo.py", "--broker", broker, "--results", results];
  const child = spawn(".tools/python/celery-5.7/bin/python", args, { stdio: ["ignore", "inherit", "inherit"], detached: true });
  started.push(() => ended(child));
  endWith(child, "The fleet");
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
  console.log("\n  Ending: the workers finish what they run.");
  for (const stop of started.reverse()) await stop();
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
