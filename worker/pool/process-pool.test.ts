import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Value } from "../../lib/wire/python/value.ts";
import type { LogEntry } from "../log.ts";
import type { Outcome } from "../task/outcome.ts";
import { MODULE } from "../testing/pool-application.ts";
import { requestOf } from "../testing/request.ts";
import type { Job } from "./pool.ts";
import { type ProcessPoolSettings, processPool } from "./process-pool.ts";

const SIGINT = 2;
const SIGTERM = 15;
const SIGKILL = 9;
const SIGUSR1 = 10;

/** A pool that ends with the test. */
async function start(size: number, settings: Partial<ProcessPoolSettings> = {}) {
  const logged: LogEntry[] = [];
  const pool = processPool({ module: MODULE, ...settings })({
    size,
    execute: () => Promise.reject(new Error("tasks do not run here")),
    hostname: "a@b",
    log: (entry) => logged.push(entry),
  });
  onTestFinished(() => pool.stop());
  await pool.start();
  const begun: { id: string; pid: number }[] = [];
  const run = (type: string, args: Value[] = [], { id = type, ...more }: Partial<Job> & { id?: string } = {}) =>
    pool.run({
      request: requestOf({ id, type, args }),
      softLimitMs: null,
      hardLimitMs: null,
      accepted: async (pid) => begun.push({ id, pid }) > 0,
      ...more,
    });
  const processes = () => new Map(pool.stats()).get("processes") as number[];
  return { pool, run, begun, logged, processes };
}

function resultOf(outcome: Outcome | null): Value | undefined {
  return outcome?.kind === "returned" ? outcome.result : undefined;
}

/** One that nobody has buried yet has ended too. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** Path of a module that is there until the test has ended. */
function moduleOf(source: string): string {
  const folder = mkdtempSync(join(tmpdir(), "pool-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "module.mjs");
  writeFileSync(path, source);
  return path;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(10);
}

test("tasks run in the processes that are told to have begun them, while this one is free", async () => {
  const { run, begun, processes } = await start(2);
  const outcomes = await Promise.all([run("spin", [300], { id: "a" }), run("spin", [300], { id: "b" })]);
  expect(outcomes.map(resultOf)).toEqual(begun.map(({ pid }) => [pid, expect.any(Number), expect.any(Number)]));
  expect(begun.map(({ pid }) => pid).sort()).toEqual(processes().sort());
  expect(processes()).not.toContain(process.pid);
});

test("a task goes to a process that is free, never behind another", async () => {
  const { run, begun } = await start(2);
  const long = run("wait", [], { id: "long" });
  await until(() => begun.length === 1);
  for (let short = 0; short < 5; short++) await run("pid", [], { id: `short ${short}` });
  const [first, ...others] = begun;
  expect(others.map(({ pid }) => pid)).not.toContain(first?.pid);
  await Promise.race([long, delay(10)]);
});

test("what a task throws is told as from any pool", async () => {
  const { run } = await start(1);
  expect(await run("fail")).toMatchObject({
    kind: "raised",
    exception: {
      type: "RangeError",
      args: ["too far"],
      traceback: expect.stringMatching(
        /^Traceback.*\n {2}File ".*pool-application\.ts", line \d+, in .*\njavascript\.RangeError: too far\n$/,
      ),
    },
  });
  expect(await run("unknown")).toMatchObject({ kind: "raised", exception: { type: "NotRegistered" } });
});

test("a task whose message is somebody else's does not begin", async () => {
  const { run } = await start(1);
  expect(await run("exit", [1], { accepted: async () => false })).toBeNull();
  expect(await run("pid")).toMatchObject({ kind: "returned" });
});

describe("a process that dies", () => {
  test("takes only its task with it", async () => {
    const { pool, run, begun, processes } = await start(2);
    const other = run("wait", [], { id: "other" });
    await until(() => begun.length === 1);
    const reasons: unknown[] = [];
    for (const [type, args] of [
      ["kill", ["SIGKILL"]],
      ["kill", ["SIGSEGV"]],
      ["exit", [3]],
      ["crash-later", []],
    ] as const) {
      reasons.push(await run(type, [...args]));
    }
    expect(reasons).toEqual([
      { kind: "lost", reason: "Worker exited prematurely: signal 9 (SIGKILL) Job: 1." },
      { kind: "lost", reason: "Worker exited prematurely: signal 11 (SIGSEGV) Job: 2." },
      { kind: "lost", reason: "Worker exited prematurely: exitcode 3 Job: 3." },
      { kind: "lost", reason: "Worker exited prematurely: exitcode 1 Job: 4." },
    ]);
    expect(await run("pid")).toMatchObject({ kind: "returned" });
    expect(processes()).toContain(begun[0]?.pid);
    pool.terminate("other", SIGUSR1);
    expect(await other).toMatchObject({ kind: "raised" });
  });

  test("while it is idle is replaced", async () => {
    const { run, processes } = await start(1);
    const [pid = 0] = processes();
    process.kill(pid, "SIGKILL");
    await until(() => !isAlive(pid));
    expect(resultOf(await run("pid"))).not.toBe(pid);
  });
});

describe("limits", () => {
  test("the soft one is told to the task", async () => {
    const { run } = await start(1);
    expect(await run("wait", [], { softLimitMs: 20 })).toMatchObject({
      kind: "raised",
      exception: { type: "SoftTimeLimitExceeded", module: "billiard.exceptions" },
    });
  });

  test("the hard one ends a task that computes", async () => {
    const { run, begun } = await start(1);
    expect(await run("spin", [60_000], { softLimitMs: 10, hardLimitMs: 100 })).toEqual({ kind: "timed-out", limitMs: 100 });
    expect(isAlive(begun[0]?.pid ?? 0)).toBe(false);
    expect(await run("pid")).toMatchObject({ kind: "returned" });
  });

  test("none of them is left over for the next task", async () => {
    const { run } = await start(1);
    await run("pid", [], { softLimitMs: 150, hardLimitMs: 300 });
    expect(await run("wait", [500])).toMatchObject({ kind: "returned" });
  });
});

describe("terminate", () => {
  test.each([SIGTERM, SIGKILL])("signal %i ends a task that computes", async (signal) => {
    const { pool, run, begun } = await start(1);
    const outcome = run("spin", [60_000]);
    await until(() => begun.length === 1);
    await delay(50);
    expect(pool.terminate("spin", signal)).toBe(true);
    expect(await outcome).toEqual({ kind: "terminated", signal });
    expect(await run("pid")).toMatchObject({ kind: "returned" });
  });

  test("USR1 is the soft limit, now", async () => {
    const { pool, run, begun, processes } = await start(1);
    const before = processes();
    const outcome = run("wait");
    await until(() => begun.length === 1);
    await delay(50);
    expect(pool.terminate("wait", SIGUSR1)).toBe(true);
    expect(await outcome).toMatchObject({ kind: "raised", exception: { type: "SoftTimeLimitExceeded" } });
    expect(processes()).toEqual(before);
  });

  test("a task that waits, or is about to begin, never runs", async () => {
    const { pool, run, processes } = await start(1);
    const before = processes();
    const beginning = run("exit", [1], { accepted: async () => pool.terminate("exit", SIGTERM) });
    const waiting = run("pid");
    expect(pool.terminate("pid", SIGKILL)).toBe(true);
    expect(await Promise.all([beginning, waiting])).toEqual([
      { kind: "terminated", signal: SIGTERM },
      { kind: "terminated", signal: SIGKILL },
    ]);
    expect(pool.terminate("unknown", SIGTERM)).toBe(false);
    expect(processes()).toEqual(before);
  });

  test("a process that was sent a signal gets no other task, even if it lives on", async () => {
    const { pool, run, begun } = await start(1);
    const outcome = run("wait", [300]);
    await until(() => begun.length === 1);
    expect(pool.terminate("wait", SIGINT)).toBe(true);
    expect(resultOf(await outcome)).toBe(begun[0]?.pid);
    expect(resultOf(await run("pid"))).not.toBe(begun[0]?.pid);
  });

  test("what is no signal is said, and nothing else", async () => {
    const { pool, run, begun, logged } = await start(1);
    const outcome = run("wait", [200]);
    await until(() => begun.length === 1);
    await delay(20);
    pool.terminate("wait", 4_711);
    expect(await outcome).toMatchObject({ kind: "returned" });
    expect(logged).toMatchObject([{ level: "warning", about: { signal: 4_711 } }]);
  });
});

describe("processes are replaced", () => {
  test("after so many tasks", async () => {
    const { run } = await start(1, { maxTasksPerChild: 2 });
    const pids: (Value | undefined)[] = [];
    for (let task = 0; task < 5; task++) pids.push(resultOf(await run("pid")));
    expect(pids[0]).toBe(pids[1]);
    expect(pids[2]).toBe(pids[3]);
    expect(new Set(pids).size).toBe(3);
  });

  test("after the task that has used too much memory", async () => {
    const { run } = await start(1, { maxMemoryPerChild: 400_000 });
    const pid = resultOf(await run("pid"));
    expect(resultOf(await run("pid"))).toBe(pid);
    expect(await run("fill", [400])).toMatchObject({ kind: "returned" });
    expect(resultOf(await run("pid"))).not.toBe(pid);
  });

  test("by a restart, those that run something afterwards", async () => {
    const { pool, run, begun, processes } = await start(2);
    const before = processes();
    const running = run("wait", [300]);
    await until(() => begun.length === 1);
    await pool.restart();
    expect(before).toContain(resultOf(await running));
    await until(() => processes().length === 2 && processes().every((pid) => !before.includes(pid)));
  });
});

test("a pool grows at once, and shrinks when what runs has ended", async () => {
  const { pool, run, begun, logged, processes } = await start(1);
  const outcomes = ["a", "b", "c"].map((id) => run("wait", [1_000], { id }));
  pool.grow(2);
  await until(() => begun.length === 3);
  expect([pool.size, processes().length]).toEqual([3, 3]);
  pool.shrink(2);
  expect((await Promise.all(outcomes)).map((outcome) => outcome?.kind)).toEqual(["returned", "returned", "returned"]);
  await until(() => processes().length === 1);
  pool.shrink(5);
  expect(pool.size).toBe(1);
  pool.grow(1);
  pool.shrink(1);
  expect(await run("pid")).toMatchObject({ kind: "returned" });
  await pool.stop();
  expect(logged).toEqual([]);
});

test("stats are those of a prefork pool", async () => {
  const { pool, run, processes } = await start(2, { maxTasksPerChild: 100 });
  for (let task = 0; task < 3; task++) await run("pid");
  pool.grow(1);
  expect(pool.stats()).toEqual([
    ["max-concurrency", 2],
    ["processes", processes()],
    ["max-tasks-per-child", 100],
    ["put-guarded-by-semaphore", false],
    ["timeouts", [0, 0]],
    [
      "writes",
      {
        $: "dict",
        items: [
          ["total", 3],
          ["avg", "1.00"],
          ["all", "1.00"],
          ["raw", "3"],
          ["strategy", "fair"],
          [
            "inqueues",
            {
              $: "dict",
              items: [
                ["total", 3],
                ["active", 0],
              ],
            },
          ],
        ],
      },
    ],
  ]);
});

test("a pool that stops leaves no process, and gives up what runs", async () => {
  const { pool, run, begun, processes } = await start(2);
  const pids = processes();
  let ended = false;
  void run("spin", [60_000]).then(() => (ended = true));
  await until(() => begun.length === 1);
  await pool.stop();
  expect(pids.filter(isAlive)).toEqual([]);
  expect([ended, processes()]).toEqual([false, []]);
});

describe("a module that cannot be loaded", () => {
  test.each([
    ["export const nothing = 1;", /^A process of the pool did not start: .*module\.mjs exports no application$/],
    ["throw new Error('no configuration');", /^A process of the pool did not start: no configuration$/],
    ["process.exit(7);", /^A process of the pool did not start: it ended with exitcode 7$/],
    [
      `import { processPool } from ${JSON.stringify(join(import.meta.dirname, "process-pool.ts"))}; processPool({ module: "app.ts" })({ size: 1 });`,
      /^A process of the pool did not start: app\.ts starts a worker when it is loaded: do so only if \(import\.meta\.main\)$/,
    ],
  ])("%s is said in a sentence", async (source, sentence) => {
    await expect(start(1, { module: moduleOf(source) })).rejects.toThrow(sentence);
  });

  test("later is tried again after a while, not at once", async () => {
    const path = moduleOf(`export { app } from ${JSON.stringify(MODULE)};`);
    const { run, logged, processes } = await start(1, { module: path });
    writeFileSync(path, "throw new Error('broken by now');");
    expect(await run("exit", [1])).toMatchObject({ kind: "lost" });
    await until(() => logged.length === 2);
    expect(logged).toEqual([
      { level: "error", text: "a process of the pool has ended by itself", about: { pid: expect.any(Number), end: "exitcode 1" } },
      { level: "error", text: "A process of the pool did not start: broken by now" },
    ]);
    const lost = run("pid");
    await delay(500);
    expect([logged.length, processes()]).toEqual([2, []]);
    writeFileSync(path, `export { app } from ${JSON.stringify(MODULE)};`);
    expect(await lost).toMatchObject({ kind: "returned" });
  });
});

test("processes die with their parent, even if they compute", async () => {
  const script = moduleOf(
    `import { processPool } from ${JSON.stringify(join(import.meta.dirname, "process-pool.ts"))};
     import { requestOf } from ${JSON.stringify(join(import.meta.dirname, "../testing/request.ts"))};
     const pool = processPool({ module: ${JSON.stringify(MODULE)} })({ size: 2, hostname: "a@b", log: console.error });
     await pool.start();
     const accepted = async (pid) => (setTimeout(() => process.send(new Map(pool.stats()).get("processes")), 200), true);
     await pool.run({ request: requestOf({ type: "spin", args: [60_000] }), softLimitMs: null, hardLimitMs: null, accepted });`,
  );
  const parent: ChildProcess = fork(script, { execArgv: [] });
  const [pids] = (await once(parent, "message")) as [number[]];
  expect(pids.filter(isAlive)).toHaveLength(2);
  parent.kill("SIGKILL");
  const killedAt = Date.now();
  await until(() => !pids.some(isAlive));
  expect(Date.now() - killedAt).toBeLessThan(1_000);
});
