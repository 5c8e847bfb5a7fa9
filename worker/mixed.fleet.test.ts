import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Venv, hasVenv } from "../lib/testing/fleet.ts";
import { type PythonClient, startPythonClient, startPythonWorker } from "../lib/testing/python-client.ts";
import { type RedisServer, withRedis } from "../lib/testing/redis-server.ts";
import type { Celery } from "./index.ts";
import { chainSignature, chordSignature, groupSignature, taskSignature } from "./producer/signature.ts";
import { sumsApplication } from "./testing/sums.ts";

const ROOT = resolve(import.meta.dirname, "..");

const VENVS: Venv[] = ["celery-5.7", "celery-5.6", "celery-5.3"];

describe.each(VENVS.filter(hasVenv))("a fleet of both kinds, with %s", (venv) => {
  let redis: RedisServer;
  let app: Celery;
  let python: PythonClient;
  const ends = new AsyncDisposableStack();

  beforeAll(async () => {
    redis = ends.use(await withRedis());
    ({ app } = sumsApplication(redis.url, "shared"));
    ends.defer(() => app.close());
    python = ends.use(startPythonClient({ redisUrl: redis.url, queue: "shared", venv }));
    ends.use(await startPythonWorker({ redisUrl: redis.url, venv, queue: "shared", queues: ["python", "shared"], name: "python@fleet" }));
    const stop = new AbortController();
    const running = app.worker({ hostname: "js@fleet", queues: ["js", "shared"], concurrency: 2, taskEvents: true }).run(stop.signal);
    ends.defer(async () => {
      stop.abort();
      await running;
    });
  });

  afterAll(() => ends.disposeAsync());

  const call = (task: string, args: number[], queue: string) => taskSignature(task, { args, options: new Map([["queue", queue]]) });

  test("Python runs what we send", async () => {
    const add = app.remoteTask<[number, number], number>("sums.add");
    expect(await (await add.apply([2, 3], { queue: "python" })).get({ timeout: 10_000 })).toBe(5);
    expect(await (await add.apply([2, 3], { queue: "python", countdown: 0.3, expires: 60, priority: 3 })).get({ timeout: 10_000 })).toBe(5);
    const fail = app.remoteTask<[], never>("sums.fail");
    await expect((await fail.apply([], { queue: "python" })).get({ timeout: 10_000 })).rejects.toMatchObject({
      type: "ValueError",
      args: ["boom", 7],
      traceback: expect.stringContaining("sums.py"),
    });
  });

  test("a result that does not come in time says so", async () => {
    const waiting = await app.remoteTask("sums.add").apply([1, 1], { queue: "nobody" });
    await expect(waiting.get({ timeout: 200 })).rejects.toMatchObject({ code: "unavailable" });
  });

  test.each(["python", "js", "shared"])("a chain whose second step runs on %s", async (queue) => {
    const result = await app.send(
      chainSignature([call("sums.add", [1, 1], "js"), call("sums.mul", [3], queue), call("sums.add", [4], "python")]),
    );
    expect(await result.get({ timeout: 10_000 })).toBe(10);
  });

  test.each(["python", "js"])("a chord whose members run on both and whose body runs on %s", async (queue) => {
    const header = groupSignature([0, 1, 2, 3, 4, 5].map((n) => call("sums.add", [n, n], n % 2 === 0 ? "python" : "js")));
    const result = await app.send(chordSignature(header, call("sums.total", [], queue)));
    expect(await result.get({ timeout: 10_000 })).toBe(30);
  });

  test("a chord of chains and groups on whoever takes them", async () => {
    const chain = chainSignature([call("sums.add", [1, 1], "js"), call("sums.mul", [2], "python")]);
    const header = groupSignature([chain, groupSignature([call("sums.add", [3, 3], "shared"), call("sums.add", [4, 4], "shared")])]);
    const result = await app.send(
      chordSignature(header, chainSignature([call("sums.total", [], "shared"), call("sums.add", [1], "shared")])),
    );
    expect(await result.get({ timeout: 10_000 })).toBe(19);
  });

  test("Python's canvases run on both", async () => {
    const code = "chord([add.s(n, n) for n in range(20)], total.s() | add.s(1)).apply_async().get(timeout=20)";
    for (let round = 0; round < 5; round++) expect(await python.value(code)).toBe(381);
    expect(
      await python.value("(group(add.s(n, n) | mul.s(2) for n in range(6)) | echo.s() | echo.s()).apply_async().get(timeout=20)"),
    ).toEqual([[[0, 4, 8, 12, 16, 20]]]);
  });

  test("an elected task runs once in the fleet", async () => {
    await python.value(
      "s = echo.s('elected').set(queue='shared', task_id='elected-1')\napp.control.election('e1', 'task', dict(s))\ntime.sleep(2)",
    );
    expect(await python.value("AsyncResult('elected-1', app=app).get(timeout=10)")).toEqual(["elected"]);
  });

  test("a worker from the command line ends when it is told to", async () => {
    const folder = mkdtempSync(join(tmpdir(), "perennial-worker-"));
    ends.defer(() => rmSync(folder, { recursive: true, force: true }));
    const module = join(folder, "app.ts");
    const source = `import { sumsApplication } from ${JSON.stringify(join(ROOT, "worker/testing/sums.ts"))};\nexport const { app } = sumsApplication("${redis.url}", "cli");\n`;
    writeFileSync(module, source);
    const child = spawn(process.execPath, [
      join(ROOT, "worker/cli.ts"),
      "-A",
      module,
      "worker",
      "-n",
      "cli@%h",
      "-c",
      "2",
      "-Q",
      "cli",
      "-E",
      "--pool",
      "async",
    ]);
    ends.defer(() => void child.kill("SIGKILL"));
    const exited = once(child, "exit");
    expect(await python.value("add.apply_async((1, 1), queue='cli').get(timeout=20)")).toBe(2);
    const names = await python.value<string[]>("list(app.control.inspect(timeout=2).ping())");
    const node = names.find((name) => name.startsWith("cli@")) ?? "";
    await python.value(`app.control.shutdown(destination=['${node}'])`);
    expect(await exited).toEqual([0, null]);
  });
});
