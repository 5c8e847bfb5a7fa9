import { afterEach, describe, expect, test, vi } from "vitest";
import type { Sink } from "../brokers/broker.ts";
import type { Limits } from "../log/log.ts";
import type { Event } from "../model/event.ts";
import { brokerOf, taskEvent, testBroker, workerEvent } from "../testing/monitor.ts";
import { redisLogs } from "../testing/redis-logs.ts";
import { View } from "../view/view.ts";
import { HISTORY } from "./follow.ts";
import { watch, type Watch } from "./watch.ts";

const { redis, freshName, open } = await redisLogs();

const NO_LIMITS: Limits = { maxAgeMs: Infinity, maxBytes: Infinity, maxTasks: Infinity };
const AT = Date.now() - 60_000;

let watches: Watch[] = [];
afterEach(async () => {
  await Promise.all(watches.map((one) => one.stop()));
  watches = [];
});

interface Replica extends Watch {
  hear: Sink;
  /** Sentences of trouble. */
  said: string[];
}

/** A replica that watches a broker of which it hears what the test tells. */
async function replica(name: string, { limits = NO_LIMITS, since = Date.now() } = {}): Promise<Replica> {
  const said: string[] = [];
  let hear: Sink = () => undefined;
  const ended = (signal: AbortSignal) => new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  const broker = {
    ...brokerOf(name, testBroker()),
    connection: () => ({ connected: true, since, problem: null }),
    collect: async (sink: Sink, signal: AbortSignal) => {
      hear = sink;
      await ended(signal);
    },
    survey: async (_: Sink, signal: AbortSignal) => ended(signal),
  };
  const one = watch(broker, await open(name), new View(), limits, (duty, reason) => said.push(`${duty}: ${reason}`));
  watches.push(one);
  await until(() => expect(one.health().replaying).toBeNull());
  return { ...one, hear: (events) => hear(events), said };
}

async function until(assertion: () => void): Promise<void> {
  await vi.waitFor(assertion, { timeout: 20_000, interval: 20 });
}

async function leading(name: string, options: Parameters<typeof replica>[1] = {}): Promise<Replica> {
  const one = await replica(name, options);
  await until(() => expect(one.health().role).toBe("leader"));
  return one;
}

function task(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
}

function succeeded(n: number): Event[] {
  return [
    taskEvent("task.received", task(n), AT + n, { name: "mail.send", queue: "mail", worker: "w@1", clock: 2 * n }),
    taskEvent("task.succeeded", task(n), AT + n + 1, { worker: "w@1", runtimeMs: 1, clock: 2 * n + 1 }),
  ].map((event) => ({ ...event, seenAt: Date.now() }));
}

/** Everything that a view shows of tasks and workers. */
function shown({ view }: Watch) {
  const ids = view.table.select(() => true).map((row) => view.table.idOf(row));
  return {
    tasks: ids.toSorted().map((id) => view.task(id)),
    workers: view.workers.all().toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    byState: [...view.byState].toSorted(),
    totals: view.series.total(),
  };
}

describe("replicas of one log", () => {
  test("show each event once, whoever heard it", async () => {
    const name = freshName();
    const [one, two] = [await leading(name), await replica(name)];
    for (let n = 0; n < 50; n++) for (const each of [two, one]) each.hear(succeeded(n));
    await until(() => expect(two.view.byState.get("SUCCESS")).toBe(50));
    await until(() => expect(shown(one)).toEqual(shown(two)));
    expect(two.health().role).toBe("standby");
    expect(two.view.ordinalsOf(task(7))).toHaveLength(2);
  });

  test("hand over: the next one stores what the former had heard and not stored", async () => {
    const name = freshName();
    const [one, two] = [await leading(name), await replica(name)];
    for (const each of [two, one]) each.hear(succeeded(1));
    await until(() => expect(two.view.task(task(1))).toBeDefined());
    for (const each of [one, two]) each.hear(succeeded(2));
    two.hear(succeeded(3));
    await one.stop();
    await until(() => expect(two.health().role).toBe("leader"));
    await until(() => expect(two.view.byState.get("SUCCESS")).toBe(3));
    expect([1, 2, 3].map((n) => two.view.ordinalsOf(task(n)).length)).toEqual([2, 2, 2]);
    expect(two.view.gaps.kept).toEqual([]);
  });

  test("keep what was heard in the last moment before an orderly end", async () => {
    const name = freshName();
    const one = await leading(name);
    one.hear(succeeded(1));
    await one.stop();
    const two = await replica(name);
    expect(two.view.byState.get("SUCCESS")).toBe(1);
  });

  test("tell that nobody listened meanwhile, and only that", async () => {
    const name = freshName();
    const one = await leading(name);
    one.hear(succeeded(1));
    await until(() => expect(one.view.task(task(1))).toBeDefined());
    await one.stop();
    const back = Date.now() + 10_000;
    const two = await leading(name, { since: back });
    const gap = { where: "events", reason: "Perennial was not running", at: back };
    await until(() => expect(two.view.gaps.kept).toMatchObject([gap]));
    expect(two.view.gaps.kept[0]?.fromAt).toBeLessThanOrEqual(Date.now());
    await two.stop();
    const three = await leading(name, { since: back });
    expect(three.view.gaps.kept).toHaveLength(1);
  });
});

test("what is trimmed is trimmed alike for who runs, who stands by and who starts later", async () => {
  const name = freshName();
  const limits = { ...NO_LIMITS, maxTasks: 1_000 };
  const [one, two] = [await leading(name, { limits }), await replica(name, { limits })];
  const worker = workerEvent("worker.inspected", "w@1", AT, { pool: "threads", slots: 4 });
  const waiting = taskEvent("task.sent", "waiting", AT, { name: "mail.send", queue: "mail", seenAt: Date.now() });
  one.hear([worker, waiting, ...Array.from({ length: 2_000 }, (_, n) => succeeded(n)).flat()]);
  await until(() => expect(one.view.extent.first).toBeGreaterThan(1_000));
  await until(() => expect(two.view.extent.first).toBe(one.view.extent.first));
  const three = await replica(name, { limits });
  // Counts outlive the tasks that were counted.
  const { totals: _, workers, ...left } = shown(one);
  expect(left.tasks.length).toBeLessThan(1_600);
  expect(left.tasks.find((each) => each?.id === "waiting")).toMatchObject({ name: "mail.send", queue: "mail" });
  expect(workers).toMatchObject([{ name: "w@1", pool: "threads", slots: 4 }]);
  for (const other of [two, three]) {
    expect(shown(other)).toMatchObject(left);
    expect(shown(other).workers).toMatchObject([{ name: "w@1", pool: "threads", slots: 4 }]);
  }
});

describe("an operator's act", () => {
  const act = taskEvent("task.acted", task(1), Date.now(), { source: "operator", action: "revoke", actor: "Ada" });

  test("is recorded by any replica, and shown by it then", async () => {
    const name = freshName();
    const [one, two] = [await leading(name), await replica(name)];
    await two.record(act);
    expect(two.view.acts.kept).toMatchObject([{ event: { action: "revoke", actor: "Ada" } }]);
    await one.record({ ...act, actor: "Bob" });
    expect(one.view.acts.kept.map(({ event }) => event.actor)).toEqual(["Ada", "Bob"]);
    await until(() => expect(two.view.acts.kept).toEqual(one.view.acts.kept));
  });

  test("that is told twice is one", async () => {
    const one = await leading(freshName());
    await Promise.all([one.record(act), one.record(act)]);
    await one.record(act);
    expect(one.view.acts.kept).toHaveLength(1);
  });

  test("waits for the next leader while nobody leads", async () => {
    const name = freshName();
    const [one, two] = [await leading(name), await replica(name)];
    await one.stop();
    await two.record(act);
    expect(two.health().role).toBe("leader");
    expect(two.view.acts.kept).toHaveLength(1);
  });
});

describe("a log that is gone", () => {
  test("is written again from what is known, for every replica", async () => {
    const name = freshName();
    const [one, two] = [await leading(name), await replica(name)];
    const worker = workerEvent("worker.inspected", "w@1", AT, { pool: "threads", slots: 4 });
    one.hear([worker, ...Array.from({ length: 300 }, (_, n) => succeeded(n)).flat()]);
    await one.record(taskEvent("task.acted", task(1), Date.now(), { source: "operator", action: "revoke", actor: "Ada" }));
    await until(() => expect(shown(two)).toEqual(shown(one)));
    const before = shown(one);

    await redis.flushall();
    for (const each of [one, two]) each.hear(succeeded(300));
    await until(() => expect(one.view.gaps.kept.map(({ where }) => where)).toEqual([HISTORY]));
    await until(() => expect(shown(two)).toEqual(shown(one)));
    const three = await replica(name);
    await until(() => expect(shown(three)).toEqual(shown(one)));
    const unseen = ({ tasks, ...rest }: typeof before) => ({ ...rest, tasks: tasks.map((each) => ({ ...each, seenAt: 0 })) });
    const { tasks, workers } = unseen(shown(three));
    expect(tasks.filter((each) => each.id !== task(300))).toEqual(unseen(before).tasks);
    expect(workers).toMatchObject([{ name: "w@1", slots: 4, succeeded: 301 }]);
    expect(three.view.acts.kept).toMatchObject([{ event: { action: "revoke", actor: "Ada" } }]);
    expect(three.view.series.total().succeeded).toBe(301);
  });

  test("is written again by whoever leads then", async () => {
    const name = freshName();
    const [one, two] = [await leading(name), await replica(name)];
    one.hear(succeeded(1));
    await until(() => expect([one, two].map(({ view }) => view.extent.tasks)).toEqual([1, 1]));
    await redis.flushall();
    await one.stop();
    two.hear(succeeded(2));
    await until(() => expect(two.view.gaps.kept.map(({ where }) => where)).toEqual([HISTORY]));
    expect(two.view.byState.get("SUCCESS")).toBe(2);
  });
});
