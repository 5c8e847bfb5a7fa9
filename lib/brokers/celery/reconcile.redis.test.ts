import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { runOf, type TaskEvent, type TaskEventType, type WorkerEventType } from "../../model/event.ts";
import type { WorkerData } from "../../model/worker.ts";
import { connectRedis } from "../../redis.ts";
import { CeleryApplication, heldTask, runsThese } from "../../testing/celery-application.ts";
import { FoldedKnown } from "../../testing/known.ts";
import { type RedisServer, withRedis } from "../../testing/redis-server.ts";
import { Control } from "./control.ts";
import { Malformed } from "./malformed.ts";
import { QueueNames } from "./queue-names.ts";
import { Reconciler } from "./reconcile.ts";
import { Results } from "./results.ts";
import { Runs } from "./runs.ts";
import { Unacked } from "./unacked.ts";
import { Search } from "./whereabouts.ts";

const MINUTE = 60_000;
const WORKER = "w1@h";

let server: RedisServer;
let app: CeleryApplication;
let known: FoldedKnown;
let runs: Runs;
let names: QueueNames;
let reconciler: Reconciler;
let redis: ReturnType<typeof connectRedis>;
let reader: ReturnType<typeof connectRedis>;
let ended: AbortController;
let receiving: Promise<void>;
/** The clock of the looks. */
let now: number;

beforeAll(async () => {
  server = await withRedis();
});
afterAll(async () => server.stop());
beforeEach(async () => {
  now = Date.now();
  app = new CeleryApplication(server.url);
  await app.redis.flushall();
  known = new FoldedKnown();
  runs = new Runs(known);
  redis = connectRedis(app.url, { name: "test" });
  reader = connectRedis(app.url, { name: "test-replies", blocking: true });
  ended = new AbortController();
  const { keys } = app;
  const malformed = new Malformed();
  names = new QueueNames(redis, keys, malformed);
  names.add("celery");
  const control = new Control(redis, keys, malformed);
  receiving = control.receive(reader, ended.signal);
  const results = new Results([redis], keys, runs, known, malformed);
  const unacked = new Unacked(redis, keys, runs, known, malformed);
  const search = new Search({ redis, keys, control, names, runs });
  reconciler = new Reconciler({ search, names, results, unacked, known, runs });
});
afterEach(async () => {
  ended.abort();
  await receiving;
  redis.disconnect();
  reader.disconnect();
  await app.end();
});

/** A task of which this was heard a minute ago, and nothing since. */
function silent(id: string, ...types: TaskEventType[]): void {
  const at = Date.now() - MINUTE;
  for (const type of types) {
    const by = type === "task.sent" ? {} : { worker: WORKER };
    known.sink([{ type, task: id, run: 0, at, seenAt: at, source: "event", queue: "celery", ...by }]);
  }
}

function worker(type: WorkerEventType, name = WORKER, data: WorkerData = {}, at = Date.now() - MINUTE): void {
  known.sink([{ type, worker: name, at, seenAt: at, source: "event", details: JSON.stringify(data) }]);
}

/** Looks once, and then as often as the leader does in so many seconds, which go by at once, or until something was told. */
async function look(seconds = 0): Promise<TaskEvent[]> {
  for (let second = 0; second <= seconds; second++) {
    const events = await reconciler.look(now);
    known.sink(events);
    now += 1_000;
    if (events.length > 0) return events;
  }
  return [];
}

const reasonOf = (event: TaskEvent | undefined): string => (JSON.parse(event?.payload?.data ?? "{}") as { reason: string }).reason;

describe("a stored result", () => {
  test("that nobody heard of is found and told as concluded", async () => {
    silent("t", "task.received", "task.started");
    await app.redis.set(app.keys.result.task("t"), '{"status": "SUCCESS", "result": 5, "children": [], "task_id": "t"}');
    expect(await look()).toMatchObject([{ type: "task.succeeded", task: "t", inferred: true, source: "result", run: 0 }]);
    expect(known.state("t")).toBe("SUCCESS");
    expect(await look(1)).toEqual([]);
  });

  test("is told once although what is known lags behind", async () => {
    silent("t", "task.received");
    await app.storeResult("t", { status: "FAILURE", result: { exc_type: "E", exc_message: ["x"], exc_module: "m" } });
    expect(await reconciler.look(now)).toHaveLength(1);
    expect(await reconciler.look(now)).toHaveLength(0);
  });

  test("of a beginning does not end the search", async () => {
    worker("worker.online");
    const node = await app.join(WORKER, { query_task: runsThese("t") });
    silent("t", "task.received");
    await app.storeResult("t", { status: "STARTED", result: { pid: 1, hostname: WORKER } });
    expect((await look()).map(({ type }) => type)).toContain("task.started");
    expect(node.asked).toContain("query_task");
  });

  test("that a revoke command left is no end of a task that runs", async () => {
    worker("worker.online");
    await app.join(WORKER, { query_task: runsThese("t") });
    silent("t", "task.received", "task.started");
    await app.storeResult("t", { status: "REVOKED", result: { exc_type: "TaskRevokedError", exc_message: ["revoked"] }, children: null });
    expect(await look(5)).toEqual([]);
    expect(known.state("t")).toBe("STARTED");
  });
});

describe("a task is alive", () => {
  test("as long as its message is held, and nobody else is asked", async () => {
    worker("worker.online");
    const node = await app.join(WORKER, {});
    silent("t", "task.received");
    await app.take({ id: "t" });
    expect((await look(5)).map(({ type }) => type)).not.toContain("task.ended");
    expect(known.state("t")).toBe("RECEIVED");
    expect(node.asked.filter((method) => method === "query_task").length).toBeLessThanOrEqual(2);
  });

  test("as long as its message waits in a queue, of any priority, whatever its id is", async () => {
    worker("worker.online");
    await app.join(WORKER, { query_task: () => ({}) });
    const ids = ["plain", 'a "quoted" \\ ünïcode 🌷', "x".repeat(500)];
    for (const id of ids) {
      silent(id, "task.sent");
      await app.send({ id, priority: 9 });
    }
    expect(await look(5)).toEqual([]);
  });

  test("as long as its worker says so, and is asked ever more seldom", async () => {
    worker("worker.online");
    const node = await app.join(WORKER, { query_task: runsThese("t") });
    silent("t", "task.received", "task.started");
    expect(await look(6)).toEqual([]);
    expect(node.asked.length).toBeLessThanOrEqual(3);
  });

  test("when its worker runs it although nobody told that it began", async () => {
    worker("worker.online");
    await app.join(WORKER, { query_task: runsThese("t") });
    silent("t", "task.received");
    expect(await look()).toMatchObject([
      {
        type: "task.running",
        task: "t",
        worker: WORKER,
        source: "inspect",
        inferred: true,
        name: "tasks.add",
        startedAt: expect.any(Number),
      },
    ]);
    expect(known.state("t")).toBe("STARTED");
  });

  test("when another worker runs it than the one that is lost", async () => {
    worker("worker.online");
    worker("worker.online", "w2@h");
    await app.join("w2@h", { query_task: runsThese("t") });
    silent("t", "task.received", "task.started");
    worker("worker.lost", WORKER);
    expect(await look(3)).toMatchObject([{ type: "task.running", task: "t", worker: "w2@h", run: runOf(0, 1) }]);
    expect(known.state("t")).toBe("STARTED");
    expect(known.task("t")?.worker).toBe("w2@h");
  });

  test("when it was heard of while we looked", async () => {
    worker("worker.online");
    const node = await app.join(WORKER, { query_task: () => ({}) });
    silent("t", "task.received", "task.started");
    runs.ended("t", WORKER, Date.now());
    expect(await look(1)).toEqual([]);
    expect(node.asked).toEqual([]);
  });
});

describe("a task is over", () => {
  test("when its worker knows nothing of it and its message is nowhere, twice in a row", async () => {
    worker("worker.online");
    const node = await app.join(WORKER, { query_task: () => ({}) });
    silent("t", "task.received", "task.started");
    expect(await look()).toEqual([]);
    const [end] = await look(10);
    expect(end).toMatchObject({ type: "task.ended", task: "t", source: "leader", inferred: true, worker: WORKER });
    expect(reasonOf(end)).toMatch(/nothing told how it ended/);
    expect(known.state("t")).toBe("ENDED");
    expect(node.asked.length).toBeGreaterThanOrEqual(2);
    expect(await look(1)).toEqual([]);
  });

  test("not when it was away only once", async () => {
    worker("worker.online");
    const node = await app.join(WORKER, { query_task: () => ({}) });
    silent("t", "task.received");
    expect(await look()).toEqual([]);
    node.answers["query_task"] = runsThese("t");
    await look(4);
    node.answers["query_task"] = () => ({});
    expect(await look(1)).toEqual([]);
    expect(known.state("t")).toBe("STARTED");
  });

  test("revoked, when a revoke was promised and it is nowhere", async () => {
    worker("worker.online");
    await app.join(WORKER, { query_task: () => ({}) });
    silent("t", "task.received");
    await app.storeResult("t", { status: "REVOKED", result: { exc_type: "TaskRevokedError", exc_message: ["revoked"] }, children: null });
    expect((await look(10)).map(({ type }) => type)).toEqual(["task.revoked", "task.ended"]);
    expect(known.state("t")).toBe("REVOKED");
  });

  test("though it was never received, when every worker answered", async () => {
    for (const name of [WORKER, "w2@h"]) {
      worker("worker.online", name);
      await app.join(name, { query_task: () => ({}) });
    }
    known.sink([{ type: "task.sent", task: "t", at: Date.now() - MINUTE, seenAt: Date.now() - MINUTE, source: "event", queue: "celery" }]);
    expect(await look(10)).toMatchObject([{ type: "task.ended", task: "t" }]);
  });

  test("and told by its result, when that comes between the last question and the verdict", async () => {
    worker("worker.online");
    let questions = 0;
    await app.join(WORKER, {
      query_task: () => {
        questions += 1;
        if (questions >= 3) void app.redis.set(app.keys.result.task("t"), '{"status": "SUCCESS", "result": 5, "children": []}');
        return {};
      },
    });
    silent("t", "task.received", "task.started");
    expect(await look(10)).toMatchObject([{ type: "task.succeeded", inferred: true }]);
  });
});

describe("nothing is concluded", () => {
  test("from a worker that does not answer", async () => {
    worker("worker.online");
    const node = await app.join(WORKER, {});
    silent("t", "task.received", "task.started");
    expect(await look(8)).toEqual([]);
    expect(node.asked).toContain("query_task");
  });

  test("from a worker that answers with an error", async () => {
    worker("worker.online");
    await app.join(WORKER, { query_task: { error: "KeyError('query_task')" } });
    silent("t", "task.received", "task.started");
    expect(await look(6)).toEqual([]);
  });

  test("from the silence of one worker about a task that any may have", async () => {
    worker("worker.online");
    worker("worker.online", "deaf@h");
    await app.join(WORKER, { query_task: () => ({}) });
    known.sink([{ type: "task.sent", task: "t", at: Date.now() - MINUTE, seenAt: Date.now() - MINUTE, source: "event", queue: "celery" }]);
    expect(await look(8)).toEqual([]);
  });

  test("while a worker stops warmly: it runs to their end what it has begun", async () => {
    worker("worker.online");
    silent("t", "task.received", "task.started");
    worker("worker.offline", WORKER, {}, Date.now() - 30_000);
    expect(await look(5)).toEqual([]);
    expect(known.state("t")).toBe("STARTED");
  });

  test("from queues too long to be read", async () => {
    worker("worker.online");
    await app.join(WORKER, { query_task: () => ({}) });
    silent("t", "task.received", "task.started");
    for (let i = 0; i < 101; i++) await app.redis.lpush("celery", ...Array.from({ length: 1_000 }, () => "filler"));
    expect(await look(6)).toEqual([]);
    await app.redis.del("celery");
    expect(await look(20)).toMatchObject([{ type: "task.ended" }]);
  });

  test("about a task of a queue that is not known, until the whole database was looked through", async () => {
    worker("worker.online");
    await app.join(WORKER, { query_task: () => ({}) });
    known.sink([{ type: "task.sent", task: "t", at: Date.now() - MINUTE, seenAt: Date.now() - MINUTE, source: "event" }]);
    await app.send({ id: "t", queue: "nobody told of it" });
    expect(await look(6)).toEqual([]);
    expect(names.has("nobody told of it")).toBe(true);
  });

  test("while Redis is slow or away", async () => {
    worker("worker.lost");
    silent("t", "task.received", "task.started");
    expect(await look(1)).toEqual([]);
    redis.disconnect();
    await expect(reconciler.look(now + 5_000)).rejects.toThrow(/onnection|max retries/);
    expect(known.state("t")).toBe("STARTED");
  });
});

describe("a dead worker's task is lost", () => {
  test("for good when its message is gone", async () => {
    worker("worker.online");
    silent("t", "task.received", "task.started");
    worker("worker.lost");
    const [lost] = await look(10);
    expect(lost).toMatchObject({ type: "task.lost", task: "t", inferred: true, worker: WORKER });
    expect(reasonOf(lost)).toBe("its worker w1@h is lost; its message is gone, so it will not run again");
    expect(known.state("t")).toBe("LOST");
  });

  test("until it is delivered again when its message is held", async () => {
    worker("worker.online");
    silent("t", "task.received", "task.started");
    await app.take({ id: "t" }, Date.now() - MINUTE);
    worker("worker.lost");
    const [lost] = await look(5);
    expect(lost?.type).toBe("task.lost");
    expect(reasonOf(lost)).toMatch(/unacknowledged, so it will be delivered again when the visibility timeout/);
  });

  test("that nobody told who took, when no worker is left", async () => {
    const taken = { type: "task.held", run: 0, at: Date.now() - 2 * MINUTE, seenAt: Date.now() - 2 * MINUTE, source: "unacked" } as const;
    worker("worker.online");
    worker("worker.online", "w2@h");
    known.sink([{ ...taken, task: "t", queue: "celery" }]);
    await app.take({ id: "t" }, Date.now() - 2 * MINUTE);
    worker("worker.lost");
    expect(await look(5)).toEqual([]);
    worker("worker.lost", "w2@h", {}, Date.now());
    const [lost] = await look(5);
    expect(reasonOf(lost)).toMatch(/^no worker is alive; its message is unacknowledged/);

    // Taken since the last one died: by one that we do not know.
    known.sink([{ ...taken, seenAt: Date.now() + 1, at: Date.now() + 1, run: 1, task: "u", queue: "celery" }]);
    await app.take({ id: "u" });
    expect(await look(5)).toEqual([]);
  });

  test("at once, though it was found alive a moment before and is looked for seldom by now", async () => {
    worker("worker.online");
    const node = await app.join(WORKER, { query_task: runsThese("t") });
    silent("t", "task.received", "task.started");
    await look(3);
    await node.leave();
    worker("worker.lost", WORKER, {}, Date.now());
    expect(await look(4)).toMatchObject([{ type: "task.lost" }]);
  });

  test("when the worker was restarted, by our clock, and does not know it", async () => {
    const skew = -3_600_000;
    worker("worker.online", WORKER, { clockOffsetMs: skew }, Date.now() - 2 * MINUTE);
    silent("t", "task.received", "task.started");
    const at = Date.now() - 30_000;
    known.sink([
      {
        type: "worker.online",
        worker: WORKER,
        at: at + skew,
        seenAt: at,
        source: "event",
        pid: 2,
        details: JSON.stringify({ clockOffsetMs: skew }),
      },
    ]);
    await app.join(WORKER, { query_task: () => ({}) });
    const [lost] = await look(10);
    expect(reasonOf(lost)).toBe("its worker w1@h was restarted; its message is gone, so it will not run again");
  });

  test("when the worker stopped long ago", async () => {
    worker("worker.online", WORKER, {}, Date.now() - 20 * MINUTE);
    silent("t", "task.received", "task.started");
    worker("worker.offline", WORKER, {}, Date.now() - 10 * MINUTE);
    const [lost] = await look(10);
    expect(reasonOf(lost)).toMatch(/its worker w1@h stopped; its message is gone/);
  });

  test("not when its message waits in its queue again", async () => {
    silent("t", "task.received", "task.started");
    worker("worker.lost");
    await app.redis.rpush("celery", app.message({ id: "t", redelivered: true }));
    expect(await look(5)).toEqual([]);
  });
});

test("thousands that are gone are told soon, although searching takes its time where much waits", async () => {
  worker("worker.online");
  await app.join(WORKER, { query_task: () => ({}) });
  for (let i = 0; i < 6_000; i++) silent(`${i}`, "task.received", "task.started");
  const filler = app.message({ id: "other", argsJson: JSON.stringify(["x".repeat(1_000)]) });
  for (let i = 0; i < 4; i++) await app.redis.lpush("celery", ...Array.from({ length: 1_000 }, () => filler));
  const gone = new Set<string>();
  for (let second = 0; second < 40; second++) for (const { type, task } of await look()) if (type === "task.ended") gone.add(task);
  expect(gone.size).toBe(6_000);
});

test("a task that retries and waits on its worker for its time is held by the next attempt", async () => {
  worker("worker.online");
  await app.join(WORKER, { query_task: () => ({ t: ["scheduled", heldTask("t")] }) });
  silent("t", "task.received", "task.started", "task.retried");
  expect(await look()).toMatchObject([{ type: "task.held", run: runOf(1, 0) }]);
});

test("ten thousand tasks that all wait are looked for in turns, without drowning workers in questions", async () => {
  worker("worker.online");
  const node = await app.join(WORKER, { query_task: () => ({}) });
  for (let i = 0; i < 9_000; i++) silent(`${i}`, "task.sent");
  const messages = Array.from({ length: 9_000 }, (_, i) => app.message({ id: `${i}` }));
  for (let at = 0; at < messages.length; at += 1_000) await app.redis.lpush("celery", ...messages.slice(at, at + 1_000));
  expect(await look(6)).toEqual([]);
  expect(node.asked).toEqual([]);
});
