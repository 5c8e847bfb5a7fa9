import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { connectRedis, disconnect } from "../lib/redis.ts";
import { hasVenv } from "../lib/testing/fleet.ts";
import { type PythonClient, startPythonClient, startPythonWorker } from "../lib/testing/python-client.ts";
import { type RedisServer, withRedis } from "../lib/testing/redis-server.ts";
import { decodeBody, decodeEnvelope } from "../lib/wire/celery/envelope.ts";
import { plainValue } from "../lib/wire/celery/plain-value.ts";

const VISIBILITY_MS = 3_000;

/** The tasks of `fleet/sums.py` and of `testing/pool-application.ts`, run by processes of a pool. */
function moduleOf(redisUrl: string, queue: string): string {
  const from = (file: string) => JSON.stringify(join(import.meta.dirname, file));
  return `
    import { sumsApplication } from ${from("testing/sums.ts")};
    import { defineTasks } from ${from("testing/pool-application.ts")};
    export const { app } = sumsApplication("${redisUrl}", "${queue}", { visibilityTimeoutMs: ${VISIBILITY_MS} });
    defineTasks(app);`;
}

describe.skipIf(!hasVenv("celery-5.7"))("a worker with a pool of processes, seen by a client in Python", () => {
  let redis: RedisServer;
  let ours: PythonClient;
  let theirs: PythonClient;
  const ends = new AsyncDisposableStack();
  const events: Record<string, unknown>[] = [];

  beforeAll(async () => {
    redis = ends.use(await withRedis());
    const listener = connectRedis(redis.url, { name: "test", blocking: true });
    ends.defer(() => disconnect(listener));
    await listener.psubscribe("/0.celeryev/*");
    listener.on("pmessage", (_pattern, _channel, text: string) => events.push(...eventsIn(text)));
    ours = ends.use(startPythonClient({ redisUrl: redis.url, queue: "js" }));
    theirs = ends.use(startPythonClient({ redisUrl: redis.url, queue: "python" }));
    ends.use(await startPythonWorker({ redisUrl: redis.url, queue: "python", name: "python@fleet" }));
    const worker = start("js", ["-P", "prefork", "-c", "2", "-E", "-n", "js@fleet"]);
    ends.defer(() => worker.end());
    await ours.value("add.delay(1, 1).get(timeout=60)");
    await theirs.value("add.delay(1, 1).get(timeout=60)");
  });

  afterAll(() => ends.disposeAsync());

  /** A worker from the command line. */
  function start(queue: string, options: string[], source = moduleOf(redis.url, queue)) {
    const folder = mkdtempSync(join(tmpdir(), "perennial-worker-"));
    const module = join(folder, "app.ts");
    writeFileSync(module, source);
    const args = ["-A", module, "worker", "-Q", queue, "--without-mingle", ...options];
    const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, "cli.ts"), ...args], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let errors = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors += text));
    const exited = once(child, "close").then(() => child.exitCode);
    const end = async () => {
      child.kill("SIGKILL");
      await exited;
      rmSync(folder, { recursive: true, force: true });
    };
    return { child, exited, end, errors: () => errors };
  }

  async function both(code: string): Promise<unknown> {
    const [own, other] = await Promise.all([outcome(ours, code), outcome(theirs, code)]);
    expect(own).toEqual(other);
    return own;
  }

  const inspect = async <T>(node: string, command: string): Promise<T | undefined> =>
    (await ours.value<Record<string, T> | null>(`app.control.inspect(destination=['${node}'], timeout=5).${command}`))?.[node];

  const processesOf = async (node: string): Promise<number[]> =>
    (await inspect<{ pool: { processes: number[] } }>(node, "stats()"))?.pool.processes ?? [];

  const said = (type: string, id: unknown) => events.find((event) => event["type"] === type && event["uuid"] === id);

  test.each([
    "chord([add.s(n, n) for n in range(5)], total.s() | add.s(1)).apply_async().get(timeout=20)",
    "echo.delay(None, True, 'ü', [1, {'a': 2.5}], 2**70, 1.0, float('nan') != 0).get(timeout=20)",
    "r = parent.delay(1); r.get(timeout=20); [[c.get(timeout=20) for c in r.children], r.children[0].id == r.id]",
    "r = progress.delay(); time.sleep(0.3); [r.state, r.info, r.get(timeout=20)]",
    "flaky.delay(2).get(timeout=20)",
    "flaky.delay(5).get(timeout=20)",
    "fail.delay().get(timeout=20)",
    "replace.delay('task').get(timeout=20)",
    "(replace.s('chain') | add.s(10)).apply_async().get(timeout=20)",
    "chord([replace.s('group'), add.s(1, 1)], echo.s()).apply_async().get(timeout=20)",
    "r = reject.delay(); r.get(timeout=20)",
    "sleep.apply_async((30,), time_limit=0.5).get(timeout=20)",
  ])("%s", async (code) => {
    await both(code);
  });

  test("what a task sends knows its parent and its root", async () => {
    const ids = await ours.value<{ id: string; child: string }>(
      "r = parent.delay(1); r.get(timeout=20); {'id': r.id, 'child': r.children[0].id}",
    );
    await until(() => said("task-received", ids.child) !== undefined);
    expect(said("task-received", ids.child)).toMatchObject({ parent_id: ids.id, root_id: ids.id });
  });

  test("tasks compute side by side while the worker answers and beats", async () => {
    const sent = await ours.value<string[]>("[app.send_task('spin', (300000,)).id for _ in range(2)]");
    await until(() => sent.every((id) => said("task-started", id) !== undefined));
    const before = events.length;
    const pings = [];
    for (let ping = 0; ping < 3; ping++) pings.push(await inspect("js@fleet", "ping()"));
    expect(pings).toEqual(pings.map(() => ({ ok: "pong" })));
    const active = (await inspect<{ id: string; worker_pid: number }[]>("js@fleet", "active()")) ?? [];
    expect(active.map(({ id }) => id).sort()).toEqual(sent.sort());
    expect(active.map((task) => task.worker_pid).sort()).toEqual((await processesOf("js@fleet")).sort());
    const beats = (event: Record<string, unknown>) => event["type"] === "worker-heartbeat" && event["hostname"] === "js@fleet";
    await until(() => events.slice(before).some((event) => beats(event) && event["active"] === 2));
    const used = active.map((task) => cpuTicks(task.worker_pid));
    await until(() => active.every((task, nth) => cpuTicks(task.worker_pid) > (used[nth] ?? 0) + 10));
    await ours.value(`app.control.revoke(${JSON.stringify(sent)}, terminate=True, signal='SIGKILL', destination=['js@fleet'])`);
  });

  test("a result that reads STARTED names the process", async () => {
    const code =
      "r = app.send_task('tracked')\nwhile r.state == 'PENDING': time.sleep(0.05)\ns = [r.state, r.info]\nr.revoke(terminate=True)\ns";
    const [state, info] = await ours.value<[string, { pid: number; hostname: string }]>(code);
    expect([state, info.hostname]).toEqual(["STARTED", "js@fleet"]);
    expect(info.pid).not.toBe(0);
  });

  test("a task that computes is ended by its hard limit", async () => {
    expect(await ours.exception("app.send_task('spin', (60000,), time_limit=1).get(timeout=20)")).toMatchObject({
      type: "TimeLimitExceeded",
      args: ["1"],
    });
  });

  test.each(["SIGTERM", "SIGKILL"])("a task that computes is ended by %s", async (signal) => {
    const code = `
r = app.send_task('spin', (60000,))
held = lambda: app.control.inspect(destination=['js@fleet']).query_task(r.id)['js@fleet'].get(r.id, [''])
while held()[0] != 'active': time.sleep(0.05)
app.control.revoke(r.id, terminate=True, signal='${signal}', destination=['js@fleet'])
r.get(timeout=20)`;
    expect(await ours.exception(code)).toMatchObject({ type: "TaskRevokedError", args: ["terminated"] });
  });

  test("a task whose process was killed has failed in Python's words", async () => {
    const code =
      "import os, re\nr = sleep.delay(60)\nfound = None\n" +
      "while not found: found = [t for a in (app.control.inspect().active() or {}).values() for t in a if t['id'] == r.id]\n" +
      "os.kill(found[0]['worker_pid'], 9)\nr.get(timeout=30, propagate=False)\n" +
      "[r.state, type(r.result).__qualname__, type(r.result).__module__, re.sub(r'Job: \\d+', 'Job: N', str(r.result)), r.traceback]";
    expect(await both(code)).toMatchObject({
      ok: ["FAILURE", "WorkerLostError", "billiard.exceptions", "Worker exited prematurely: signal 9 (SIGKILL) Job: N.", null],
    });
    expect(await processesOf("js@fleet")).toHaveLength(2);
  });

  test("with late acknowledgement it runs again, where it wants that", async () => {
    expect(await ours.value("app.send_task('die-once').get(timeout=30)")).toBe("again");
  });

  test("the pool grows and shrinks when it is told to, and its stats are a prefork pool's", async () => {
    const control = (command: string) => ours.value(`app.control.${command}, destination=['js@fleet'], reply=True, timeout=5)`);
    expect(await control("pool_grow(2")).toEqual([{ "js@fleet": { ok: "pool will grow" } }]);
    expect(await processesOf("js@fleet")).toHaveLength(4);
    expect(await control("pool_shrink(2")).toEqual([{ "js@fleet": { ok: "pool will shrink" } }]);
    expect(await processesOf("js@fleet")).toHaveLength(2);
    const [own, other] = await Promise.all(["js@fleet", "python@fleet"].map((node) => inspect<{ pool: object }>(node, "stats()")));
    const shape = (pool: object | undefined) =>
      JSON.stringify(pool, (_key, value: unknown) => (typeof value === "object" ? value : typeof value)).replaceAll(
        /"number"(,"number")*/g,
        '"numbers"',
      );
    expect(shape(own?.pool)).toEqual(shape(other?.pool));
  });

  test("--autoscale grows the pool while there is work, --max-tasks-per-child replaces processes", { timeout: 120_000 }, async () => {
    const worker = start("scaled", ["-P", "process", "--autoscale", "3,1", "--max-tasks-per-child", "2", "-n", "scaled@fleet"]);
    onTestFinished(() => worker.end());
    const pids = await ours.value<number[]>("[app.send_task('pid', queue='scaled').get(timeout=60) for _ in range(5)]");
    expect(new Set(pids).size).toBe(3);
    const waits = await ours.value<number[]>(
      "rs = [app.send_task('wait', (4000,), queue='scaled') for _ in range(6)]\n[r.get(timeout=60) for r in rs]",
    );
    expect(new Set(waits).size).toBeGreaterThan(2);
    expect(await inspect("scaled@fleet", "stats()")).toMatchObject({ autoscaler: { max: 3, min: 1 }, pool: { "max-tasks-per-child": 2 } });
  });

  test("a worker that is told to end finishes what runs, and no process is left", { timeout: 120_000 }, async () => {
    const worker = start("warm", ["-P", "process", "-c", "2", "-n", "warm@fleet"]);
    onTestFinished(() => worker.end());
    expect(await ours.value("add.apply_async((1, 1), queue='warm').get(timeout=60)")).toBe(2);
    const pids = await processesOf("warm@fleet");
    const running = theirs.value("r = app.send_task('spin', (3000,), queue='warm'); r.get(timeout=60)");
    await until(async () => (await inspect<unknown[]>("warm@fleet", "active()"))?.length === 1);
    worker.child.kill("SIGTERM");
    expect(await running).toMatchObject([expect.any(Number), expect.any(Number), expect.any(Number)]);
    expect(await worker.exited).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test("a worker that is killed takes its processes with it, and its task is delivered again", { timeout: 120_000 }, async () => {
    const worker = start("killed", ["-P", "process", "-c", "2", "-n", "killed@fleet"]);
    onTestFinished(() => worker.end());
    const id = await ours.value<string>("app.send_task('spin-late', (60000,), queue='killed').id");
    await until(async () => (await inspect<{ id: string }[]>("killed@fleet", "active()"))?.[0]?.id === id);
    const pids = await processesOf("killed@fleet");
    expect(pids).toHaveLength(2);
    worker.child.kill("SIGKILL");
    const killedAt = Date.now();
    await until(() => !pids.some(isAlive));
    expect(Date.now() - killedAt).toBeLessThan(1_000);
    await delay(VISIBILITY_MS + 1_000); // a worker looks for what others lost when it starts
    const next = start("killed", ["-P", "process", "-c", "1", "-n", "next@fleet"]);
    onTestFinished(() => next.end());
    expect(await ours.value(`AsyncResult('${id}', app=app).get(timeout=60)`)).toBe(true);
  });

  test("a worker whose processes cannot begin says why, and ends", { timeout: 60_000 }, async () => {
    const source = `${moduleOf(redis.url, "broken")}\nif (process.argv[1].includes("pool-process")) throw new Error("only in the pool");`;
    const worker = start("broken", ["-P", "process", "-c", "2"], source);
    onTestFinished(() => worker.end());
    expect(await worker.exited).toBe(1);
    expect(worker.errors()).toContain("A process of the pool did not start: only in the pool");
  });
});

async function outcome(client: PythonClient, code: string): Promise<{ ok: unknown } | { error: unknown }> {
  try {
    return { ok: await client.value(code) };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { error: text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "<id>").replace(` in ${code}`, "") };
  }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(20);
}

/** Processor time that a process has used itself, in hundredths of a second (proc(5), utime). */
function cpuTicks(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[13]);
}

/** One that nobody has buried yet has ended too. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

function eventsIn(text: string): Record<string, unknown>[] {
  const envelope = decodeEnvelope(text);
  const body = envelope.ok ? decodeBody(envelope.value) : envelope;
  const value = body.ok ? plainValue(body.value) : [];
  return (Array.isArray(value) ? value : [value]) as Record<string, unknown>[]; // only events come through this channel
}
