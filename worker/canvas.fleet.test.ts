import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Venv, hasVenv } from "../lib/testing/fleet.ts";
import { type PythonClient, startPythonClient, startPythonWorker } from "../lib/testing/python-client.ts";
import { type RedisServer, withRedis } from "../lib/testing/redis-server.ts";
import { recordedCanvases } from "./canvas/testing/recorded.ts";
import { type Told, toldCanvas } from "./canvas/testing/told-canvas.ts";
import { type Celery, GroupResult, chain, chord, group } from "./index.ts";
import { sumsApplication } from "./testing/sums.ts";

const WAIT = { timeout: 20_000 };
const BATCH = 40;

const VENVS: Venv[] = ["celery-5.7", "celery-5.3"];

describe.each(VENVS.filter(hasVenv))("our canvases, run by %s", (venv) => {
  let redis: RedisServer;
  let app: Celery;
  let python: PythonClient;
  /** With a worker of 5.7: earlier releases do not run all of their own canvases. */
  let reference: PythonClient;
  let tasks: ReturnType<typeof tasksOf>;
  const ends = new AsyncDisposableStack();

  beforeAll(async () => {
    redis = ends.use(await withRedis());
    ({ app } = sumsApplication(redis.url, "python"));
    ends.defer(() => app.close());
    tasks = tasksOf(app);
    python = ends.use(startPythonClient({ redisUrl: redis.url, queue: "python", venv }));
    ends.use(await startPythonWorker({ redisUrl: redis.url, venv, queue: "python", name: "python@fleet" }));
    reference = venv === "celery-5.7" ? python : ends.use(startPythonClient({ redisUrl: redis.url, queue: "reference" }));
    if (reference !== python) ends.use(await startPythonWorker({ redisUrl: redis.url, queue: "reference", name: "reference@fleet" }));
  });

  afterAll(() => ends.disposeAsync());

  test("give what Python's give, in every nesting up to depth three", async () => {
    for (const some of batchesOf(canvases("all"))) expect(await ours(app, some)).toEqual(await theirs(reference, some));
  });

  test("a chain's result leads back to its first step", async () => {
    const { add, mul } = tasks;
    const result = await chain(add.s(1, 1), mul.s(3), add.si(5, 5), mul.s(2)).apply();
    expect(await result.get(WAIT)).toBe(20);
    const values: unknown[] = [];
    for (let step = result.parent; step !== null; step = step.parent) values.push(await step.get(WAIT));
    expect(values).toEqual([10, 6, 2]);
  });

  test("a chord's result leads back to its header", async () => {
    const { add, total } = tasks;
    const result = await chord([add.s(1, 1), add.s(2, 2)], total.s()).apply({ priority: 3 });
    expect(await result.get(WAIT)).toBe(6);
    expect(await result.parent?.get(WAIT)).toEqual([2, 4]);
    expect(result.parent).toBeInstanceOf(GroupResult);
  });

  test("the failure of a chain's first step is the chain's", async () => {
    const { add, fail } = tasks;
    const result = await chain(fail.s(), add.s(1), add.s(2)).apply();
    await expect(result.get(WAIT)).rejects.toMatchObject({ type: "ValueError", args: ["boom", 7], state: "FAILURE" });
    expect(await result.get({ ...WAIT, propagate: false })).toMatchObject({ type: "ValueError", args: ["boom", 7] });
    expect(await result.state()).toBe("FAILURE");
  });

  test("a failure before a chord ends what waits for its body", async () => {
    const { add, fail, total } = tasks;
    const result = await chain(fail.s(), group(add.s(1), add.s(2)), total.s()).apply();
    await expect(result.get(WAIT)).rejects.toMatchObject({ type: "ValueError" });
  });

  test("a failure in a chord's header is the body's, and its errback is called", async () => {
    const { add, fail, total, failed } = tasks;
    const told = failed.s().set({ taskId: `told-${venv}` });
    const result = await chord([add.s(1, 1), fail.s()], total.s())
      .linkError(told)
      .apply();
    const failure = await result.get({ ...WAIT, propagate: false });
    expect(failure).toMatchObject({ type: "ChordError", args: [expect.stringMatching(/^Dependency .* raised ValueError\('boom', 7\)$/)] });
    // Python calls a task with one parameter by sending it: with the id of the body.
    expect(await app.result(`told-${venv}`).get(WAIT)).toBe(result.id);
  });

  test("what is linked is called with the result, and the failed task's id", async () => {
    const { add, fail, mul, failed } = tasks;
    const result = await add.s(1, 1).link(mul.s(10), mul.si(7, 7)).apply();
    expect(await result.get(WAIT)).toBe(2);
    const [callbacks] = await result.children();
    expect(await callbacks?.get(WAIT)).toEqual([20, 49]);
    const failing = await fail
      .s()
      .linkError(failed.s().set({ taskId: `failed-${venv}` }))
      .apply();
    expect(await app.result(`failed-${venv}`).get(WAIT)).toBe(failing.id);
  });

  test("a group's result is saved for others, counted and forgotten", async () => {
    const { add, fail } = tasks;
    const result = await group(add.s(1, 1), add.s(2, 2), fail.s()).apply();
    await expect(result.get(WAIT)).rejects.toMatchObject({ type: "ValueError" });
    expect(await result.get({ ...WAIT, propagate: false })).toEqual([2, 4, expect.objectContaining({ type: "ValueError" })]);
    expect(await result.completedCount()).toBe(2);
    expect((await result.children()).map(({ id }) => id)).toEqual(result.members.map(({ id }) => id));
    await result.save();
    expect(await python.value(`GroupResult.restore('${result.id}', app=app).completed_count()`)).toBe(2);
    const theirs = await python.value<string>("r = group(add.s(3, 3), add.s(4, 4)).apply_async(); r.save(); r.id");
    expect(await (await app.restoreGroup(theirs))?.get(WAIT)).toEqual([6, 8]);
    await result.delete();
    expect(await app.restoreGroup(result.id)).toBeNull();
    await result.forget();
    expect(await result.completedCount()).toBe(0);
  });

  test("a group that waits is revoked", async () => {
    const { add } = tasks;
    const result = await group(add.s(1, 1), add.s(2, 2)).apply({ countdown: 2 });
    await result.revoke();
    const failures = await result.get({ ...WAIT, propagate: false });
    expect(failures).toEqual([1, 2].map(() => expect.objectContaining({ type: "TaskRevokedError", state: "REVOKED" })));
  });

  test("a countdown delays, what is expired is not run, a priority goes first", async () => {
    const { add, total } = tasks;
    const startedAt = Date.now();
    expect(await (await chord([add.s(1, 1), add.s(2, 2)], total.s()).apply({ countdown: 1 })).get(WAIT)).toBe(6);
    expect(Date.now() - startedAt).toBeGreaterThan(900);
    const expired = await group(add.s(1, 1), add.s(2, 2)).apply({ expires: new Date(Date.now() - 1_000) });
    await expect(expired.get(WAIT)).rejects.toMatchObject({ type: "TaskRevokedError", args: ["expired"] });
  });

  test("map, starmap and chunks", async () => {
    const { add, total } = tasks;
    expect(await (await total.map([[1, 2], [3]]).apply()).get(WAIT)).toEqual([3, 3]);
    const pairs: [number, number][] = [0, 1, 2, 3, 4].map((n) => [n, n]);
    expect(await (await add.starmap(pairs).apply()).get(WAIT)).toEqual([0, 2, 4, 6, 8]);
    expect(await (await add.chunks(pairs, 2).apply()).get(WAIT)).toEqual([[0, 2], [4, 6], [8]]);
  });
});

describe.skipIf(!hasVenv("celery-5.7"))("canvases on workers of both kinds", () => {
  let redis: RedisServer;
  let app: Celery;
  let python: PythonClient;
  const ends = new AsyncDisposableStack();

  beforeAll(async () => {
    redis = ends.use(await withRedis());
    ({ app } = sumsApplication(redis.url, "shared"));
    ends.defer(() => app.close());
    python = ends.use(startPythonClient({ redisUrl: redis.url, queue: "shared" }));
    ends.use(await startPythonWorker({ redisUrl: redis.url, queue: "shared", queues: ["shared", "python"], name: "python@fleet" }));
    const stop = new AbortController();
    const running = app.worker({ hostname: "js@fleet", queues: ["shared", "js"], concurrency: 4 }).run(stop.signal);
    ends.defer(async () => {
      stop.abort();
      await running;
    });
    await (await tasksOf(app).add.apply([1, 1], { queue: "js" })).get(WAIT);
  });

  afterAll(() => ends.disposeAsync());

  test("the members of one chord run on both", async () => {
    const { where, echo } = tasksOf(app);
    const members = Array.from({ length: 60 }, () => where.s());
    const [ran] = await (await chord(members, echo.s()).apply()).get(WAIT);
    expect(new Set(asTexts(ran))).toEqual(new Set(["python", "js"]));
    const theirs = await python.value<string[][]>("chord([where.s() for n in range(60)], echo.s()).apply_async().get(timeout=20)");
    expect(new Set(theirs[0])).toEqual(new Set(["python", "js"]));
  });

  test("every nesting up to depth three, each part on whoever takes it", async () => {
    for (const some of batchesOf(canvases("all"))) expect(await ours(app, some)).toEqual(await theirs(python, some));
  });

  test("every nesting up to depth two ends in failure, whichever of its tasks fails", async () => {
    for (const some of batchesOf(canvases("two").flatMap(failing))) {
      const failed = some.map((canvas) => [JSON.stringify(canvas), expect.stringMatching(/^(?:ValueError|ChordError)$/)]);
      // Only from here: a client in Python waits for ever for a group that never began.
      expect(await ours(app, some)).toEqual(failed);
    }
  });

  test("what a task sends are its children, wherever it runs", async () => {
    const children = (queue: string) =>
      python.value(`
r = fan.s().set(queue='${queue}').apply_async()
r.get(timeout=20)
[[type(child).__name__, child.get(timeout=20)] for child in r.children]`);
    expect(await children("js")).toEqual(await children("python"));
  });

  test.each([
    ["replace.s('task').set(queue='js')", 3],
    ["replace.s('chain').set(queue='js') | add.s(10)", 16],
    ["replace.s('group').set(queue='js')", [0, 2, 4]],
    ["replace.s('group').set(queue='js') | total.s() | mul.s(2)", 12],
    ["chord([replace.s('group').set(queue='js'), add.s(1, 1)], echo.s())", [[[0, 2, 4], 2]]],
    ["chord([replace.s('chain').set(queue='js'), add.s(1, 1)], total.s())", 8],
    ["group(replace.s('chain').set(queue='js'), replace.s('chain').set(queue='python')) | total.s()", 12],
    ["chord([grow.s(1).set(queue='js'), grow.s(2).set(queue='python')], total.s())", 9],
    ["chord([grow.s(1).set(queue='js')], total.s()) | mul.s(2)", 6],
    ["add.s(1, 1) | group(grow.s().set(queue='js'), grow.s().set(queue='python')) | total.s()", 12],
    ["chord([chord([grow.s(1).set(queue='js'), add.s(1, 1)], total.s()), add.s(1, 1)], total.s())", 7],
  ])("%s, begun in Python", async (canvas, value) => {
    expect(await python.value(`(${canvas}).apply_async().get(timeout=20)`)).toEqual(value);
  });

  test("a task that is part of no chord cannot add to one", async () => {
    for (const queue of ["js", "python"]) {
      expect(await python.exception(`grow.s(1).set(queue='${queue}').apply_async().get(timeout=20)`)).toMatchObject({
        type: "ValueError",
        args: ["Current task is not member of any chord"],
      });
    }
  });
});

/** The recorded canvases without options, of so many levels or of all. */
function canvases(depth: "two" | "all"): Told[] {
  const told = recordedCanvases().flatMap(({ canvas, options }) =>
    Object.keys(options).length === 0 && !/"(?:then|chunks)"/.test(JSON.stringify(canvas)) ? [canvas] : [],
  );
  // The recorded ones begin with a task, then three canvases of one level, then those of two.
  return depth === "two" ? told.slice(0, 4 + 3 * 8 + 3 * 9) : told;
}

function batchesOf(told: Told[]): Told[][] {
  return Array.from({ length: Math.ceil(told.length / BATCH) }, (_, at) => told.slice(at * BATCH, (at + 1) * BATCH));
}

/** The canvas with each of its tasks in turn replaced by one that fails. */
function failing(told: Told): Told[] {
  const text = JSON.stringify(told);
  return [...text.matchAll(/"t\d+"/g)].map(({ 0: task, index }) =>
    asTold(`${text.slice(0, index)}{"task":"fail"}${text.slice(index + task.length)}`),
  );
}

/** It was made from one. */
function asTold(text: string): Told {
  return JSON.parse(text) as Told;
}

/** Each canvas with what came of it, sent from here. */
async function ours(app: Celery, told: Told[]): Promise<unknown[]> {
  return Promise.all(
    told.map(async (canvas) => {
      const result = await toldCanvas(canvas, (name) => app.remoteTask(`sums.${name}`)).apply();
      return [JSON.stringify(canvas), await result.get(WAIT).catch((error: Error) => error.name)];
    }),
  );
}

/** The same, sent from Python. */
async function theirs(python: PythonClient, told: Told[]): Promise<unknown[]> {
  const values = await python.value<unknown[]>(`
def outcome(result):
    try:
        return result.get(timeout=20)
    except Exception as error:
        return type(error).__name__
sent = [built(told).apply_async() for told in json.loads(${JSON.stringify(JSON.stringify(told))})]
[outcome(result) for result in sent]`);
  return told.map((canvas, at) => [JSON.stringify(canvas), values[at]]);
}

/** The tasks of `sums` with their types, to be run by whoever has them. */
function tasksOf(app: Celery) {
  return {
    add: app.remoteTask<[number, number], number>("sums.add"),
    mul: app.remoteTask<[number, number], number>("sums.mul"),
    total: app.remoteTask<[number[]], number>("sums.total"),
    echo: app.remoteTask<unknown[], unknown[]>("sums.echo"),
    fail: app.remoteTask<unknown[], never>("sums.fail"),
    failed: app.remoteTask<[string], string>("sums.failed"),
    where: app.remoteTask<[], string>("sums.where"),
  };
}

function asTexts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
