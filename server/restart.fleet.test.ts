import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Perennial, startPerennial } from "../e2e/perennial.ts";
import { allPaths, answerTo, lasting, waitingIds } from "../lib/testing/answers.ts";
import {
  type Expectation,
  type ExpectedAttempt,
  type Fleet,
  type FleetOptions,
  type FleetWorker,
  startFleet,
} from "../lib/testing/fleet.ts";
import { type RedisServer, withRedis } from "../lib/testing/redis-server.ts";
import { allRows, differences, type Questions, questionsTo } from "../lib/testing/truth.ts";

const WORKERS: FleetWorker[] = [
  { name: "garden", queues: ["default", "math", "slow", "prio"], concurrency: 4 },
  { name: "pond", queues: ["poolthreads"], pool: "threads", concurrency: 4 },
];
/** On a machine that does other things as well. */
const PATIENCE = { timeout: 120_000, interval: 250 };

let redis: RedisServer;
let perennials: Perennial[] = [];
let fleet: Fleet | undefined;

beforeEach(async () => {
  redis = await withRedis();
});

afterEach(async () => {
  await fleet?.end();
  fleet = undefined;
  await Promise.all(perennials.map((one) => one.stop()));
  perennials = [];
  await redis.stop();
});

/** One more replica, which shows the whole history. */
async function started(): Promise<Perennial> {
  const perennial = await startPerennial("--name", "garden", "--broker", `${redis.url}/0`, "--results", `${redis.url}/1`);
  perennials.push(perennial);
  await vi.waitUntil(async () => isReady(perennial), PATIENCE);
  return perennial;
}

async function isReady({ address }: Perennial): Promise<boolean> {
  return (await fetch(`${address}/readyz`)).ok;
}

async function fleetOf(options: Partial<FleetOptions> = {}): Promise<Fleet> {
  return (fleet = await startFleet({ redisUrl: redis.url, venv: "celery-5.7", workers: WORKERS, ...options }));
}

function asked({ address }: Perennial): Questions {
  return questionsTo(address);
}

type Rows = Awaited<ReturnType<typeof allRows>>;
type Detail = Awaited<ReturnType<Questions["task"]>>;

async function rowsOf(perennial: Perennial): Promise<Rows> {
  return allRows(asked(perennial));
}

async function leads(perennial: Perennial): Promise<boolean> {
  return (await asked(perennial).overview()).us.role === "leader";
}

/** What Perennial says otherwise than the truth, once it had time to look for what no event told. */
async function wrongs(perennial: Perennial, truth: Expectation): Promise<string[]> {
  let found: string[] = [];
  const look = async (): Promise<void> => {
    found = await differences(truth, asked(perennial));
    if (found.length > 0) throw new Error("not yet");
  };
  await vi.waitFor(look, { ...PATIENCE, interval: 3_000 }).catch(() => undefined);
  return found;
}

interface Span {
  from: number;
  to: number;
}

/** A task's beginning and end are written down a little before or after its events. */
const SLACK_MS = 500;

function isWithin(at: number | null, { from, to }: Span): boolean {
  return at !== null && at >= from - SLACK_MS && at <= to + SLACK_MS;
}

function ranWithin(attempt: { beganAt: number; endedAt: number | null }, { from, to }: Span): boolean {
  return attempt.beganAt <= to + SLACK_MS && (attempt.endedAt ?? Infinity) >= from - SLACK_MS;
}

/**
 * What can be known when nobody listened for a while: no event of that time, but every stored result. That of a task which
 * its worker did not know tells neither name nor queue; and where Celery stored an attempt's RETRY over the end of the next
 * attempt, nothing is left that tells the end.
 */
function knowable(truth: Expectation, silence: Span): Expectation {
  const tasks = Object.entries(truth.tasks).map(([id, task]) => {
    const attempts = task.attempts.map((attempt) => ({ ...attempt, told: attempt.told && !ranWithin(attempt, silence) }));
    const sent = task.sent && !(attempts.length === 0 && isWithin(task.sentAt, silence));
    const last = task.attempts.at(-1);
    const isLost = task.overwritten.includes("RETRY") && last !== undefined && ranWithin(last, silence);
    const states = isLost ? [...task.states, "ENDED"] : task.states;
    return [id, { ...task, sent, attempts, states }] as const;
  });
  return { ...truth, tasks: Object.fromEntries(tasks) };
}

/** After a task's end its result is heard as well, by which its row may still change. */
const RESULT_MS = 2_000;
/** Perennial gives signs of life every two seconds, and more often when it hears something. */
const SIGN_MS = 5_000;

/** Kinds whose results are stored, so that their ends can be learned without any event. */
const TOLD_BY_RESULTS = [
  ...["add", "count-words", "threads", "slow", "priority", "unicode", "fail", "unregistered", "retry", "retry-exhausted"],
  ...["countdown", "eta", "expired", "expires-later", "children", "chain-succeeds", "chain-fails", "chord-succeeds"],
].join(",");

describe("a replica that is killed and comes back ten seconds later", () => {
  test("knows what it knew, and learns what happened meanwhile", async () => {
    const shop = await fleetOf();
    const former = await started();
    const producing = shop.produce({ count: 420, seed: 11, kinds: TOLD_BY_RESULTS, rate: 12 });
    await vi.waitFor(async () => expect((await rowsOf(former)).size).toBeGreaterThan(150), PATIENCE);

    const before = await rowsOf(former);
    const over = [...before.values()].filter(({ endedAt }) => endedAt !== null && endedAt < Date.now() - RESULT_MS);
    expect(over.length).toBeGreaterThan(100);
    const timelines = new Map<string, string[]>();
    for (const id of before.keys()) timelines.set(id, addressesOf(await asked(former).task(id)));
    const silence = { from: Date.now(), to: 0 };
    former.process.kill("SIGKILL");
    await delay(10_000);
    const latter = await started();
    silence.to = Date.now();

    const after = await rowsOf(latter);
    expect([...before.keys()].filter((id) => !after.has(id))).toEqual([]);
    for (const row of over) expect(after.get(row.id)).toEqual(row);
    for (const [id, addresses] of timelines) {
      expect(addressesOf(await asked(latter).task(id))).toEqual(expect.arrayContaining(addresses));
    }

    await producing;
    await shop.settled();
    const truth = await shop.expectations();
    expect(await wrongs(latter, knowable(truth, silence))).toEqual([]);
    const rows = await rowsOf(latter);
    const endedMeanwhile = Object.entries(truth.tasks).filter(([, { attempts }]) => {
      const endedAt = attempts.at(-1)?.endedAt ?? 0;
      return endedAt > silence.from + SLACK_MS && endedAt < silence.to - 5_000;
    });
    expect(endedMeanwhile.length).toBeGreaterThan(20);
    expect(endedMeanwhile.filter(([id]) => rows.get(id)?.inferred !== true)).toEqual([]);

    const overview = await asked(latter).overview();
    expect(overview.gaps).toMatchObject([{ reason: "Perennial was not running" }]);
    expect(overview.findings.map(({ kind }) => kind)).toContain("gap");
    const [{ fromAt, at } = { fromAt: null, at: 0 }] = overview.gaps;
    expect(Math.abs((fromAt ?? 0) - silence.from)).toBeLessThan(SIGN_MS);
    expect(isWithin(at, { from: silence.from + 10_000, to: silence.to })).toBe(true);
    expect(overview.ended).toMatchObject({ succeeded: overview.byState["SUCCESS"], failed: overview.byState["FAILURE"] });
  });
});

function addressesOf({ timeline }: Detail): string[] {
  return timeline.map(({ address }) => address);
}

describe("two replicas of one history", () => {
  let leader: Perennial;
  let standby: Perennial;

  beforeEach(async () => {
    leader = await started();
    await vi.waitUntil(async () => leads(leader), PATIENCE);
    standby = await started();
  });

  test("answer alike, and lose nothing when the one that leads is killed", async () => {
    const shop = await fleetOf();
    const kinds = "add,threads,count-words,slow,retry,fail,countdown";
    await shop.produce({ count: 150, seed: 5, kinds });
    await shop.settled();
    await answerAlike(leader, standby);

    const producing = shop.produce({ count: 300, seed: 6, kinds, rate: 12 });
    await vi.waitFor(async () => expect((await rowsOf(standby)).size).toBeGreaterThan(230), PATIENCE);
    leader.process.kill("SIGKILL");
    await vi.waitUntil(async () => leads(standby), { timeout: 5_000, interval: 50 });
    await producing;
    await shop.settled();
    const truth = await shop.expectations();
    expect(await wrongs(standby, truth)).toEqual([]);
    for (const [id, { attempts }] of Object.entries(truth.tasks)) {
      const told = toldByEvents(await asked(standby).task(id));
      expect(told, id).toEqual(attempts.flatMap(eventsOf).toSorted());
    }
    const { byState, gaps, ended } = await asked(standby).overview();
    expect(gaps).toEqual([]);
    expect(ended).toMatchObject({ succeeded: byState["SUCCESS"], failed: byState["FAILURE"] });

    await answerAlike(standby, await started());
  });

  test("take an operator's acts, whichever of them is asked", async () => {
    const shop = await fleetOf({ workers: [{ name: "garden", queues: ["default"], concurrency: 1 }] });
    const call = (name: string, args: number[]) => ({ name, args, queue: "default" });
    const calls = [call("fleet.long", [600]), call("fleet.add", [1, 2]), call("fleet.add", [3, 4])];
    const [running = "", ...waiting] = await shop.send(calls);
    for (const one of [leader, standby]) {
      await vi.waitFor(async () => {
        expect((await asked(one).task(running)).row.state).toBe("STARTED");
        for (const id of waiting) expect((await asked(one).task(id)).row.state).toBe("RECEIVED");
      }, PATIENCE);
    }
    const acts = [
      ...waiting.map((id, i) => ({ id, by: i === 0 ? standby : leader, terminate: false })),
      { id: running, by: standby, terminate: true },
    ];
    for (const { id, by, terminate } of acts) {
      expect(await revoke(by, id, terminate)).not.toContain("could not be recorded");
      expect(actsOf(await asked(by).task(id))).toHaveLength(1);
    }
    for (const one of [leader, standby]) {
      for (const { id } of acts) {
        await vi.waitFor(async () => {
          const detail = await asked(one).task(id);
          expect(detail.row).toMatchObject({ state: "REVOKED", inferred: false });
          expect(actsOf(detail)).toHaveLength(1);
        }, PATIENCE);
      }
    }
  });
});

/** Asks both replicas everything until they say the same. */
async function answerAlike(one: Perennial, other: Perennial): Promise<void> {
  const span = { from: Date.now() - 3_600_000, to: Date.now() };
  const paths = allPaths((await rowsOf(one)).values(), await asked(one).overview(), span);
  expect(paths.length).toBeGreaterThan(200);
  for (const path of paths) {
    await vi.waitFor(async () => {
      const [left, right] = await Promise.all([one, other].map(({ address }) => answerTo(address, path)));
      expect(lasting(right), path).toEqual(lasting(left));
    }, PATIENCE);
  }
}

/** What producer and workers publish of an attempt of these kinds. */
function eventsOf({ retries, outcome }: ExpectedAttempt): string[] {
  const end = outcome === "success" ? "task.succeeded" : outcome === "retry" ? "task.retried" : "task.failed";
  return ["task.sent", "task.received", "task.started", end].map((type) => `${type} ${retries}`);
}

function toldByEvents({ timeline }: Detail): string[] {
  const events = timeline.filter(({ source }) => source === "event");
  return events.map(({ type, retries }) => `${type} ${retries}`).toSorted();
}

function actsOf({ timeline }: Detail): Detail["timeline"] {
  return timeline.filter(({ type }) => type === "task.acted");
}

/** What came of it, as a sentence. */
async function revoke({ address }: Perennial, id: string, terminate: boolean): Promise<string> {
  const answer = await fetch(`${address}/api/v1/tasks/${id}/revoke`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ terminate, confirm: true }),
  });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { message: string }).message;
}

test("who starts late sees what waits, what runs and what is held, and takes nothing", async () => {
  const shop = await fleetOf({
    workers: [
      { name: "garden", queues: ["default", "math"], concurrency: 2 },
      { name: "pond", queues: ["poolthreads"], pool: "threads", concurrency: 3 },
    ],
  });
  const running = await shop.send([
    { name: "fleet.long", args: [600], queue: "default" },
    { name: "fleet.long", args: [600], queue: "math" },
    { name: "fleet.long", args: [600], queue: "poolthreads" },
  ]);
  const held = await shop.send(
    [1, 2, 3].map((n) => ({ name: "fleet.add", args: [n, n], queue: "poolthreads", options: { countdown: 600 } })),
  );
  const waiting = await shop.send(
    Array.from({ length: 300 }, (_, n) => ({ name: "fleet.add", args: [n, n], queue: "prio", options: { priority: n % 10 } })),
  );
  await vi.waitFor(async () => {
    const { tasks } = await shop.expectations();
    expect(running.filter((id) => tasks[id]?.attempts.length === 1)).toEqual(running);
  }, PATIENCE);
  const direct = new Redis(`${redis.url}/0`);
  const lengths = async (): Promise<number[]> => {
    const lists = (await direct.keys("prio*")).toSorted();
    return Promise.all(lists.map((list) => direct.llen(list)));
  };
  await vi.waitFor(async () => expect(await direct.zcard("unacked_index")).toBe(held.length), PATIENCE);
  const before = await lengths();
  expect(before.reduce((sum, length) => sum + length, 0)).toBe(300);

  const perennial = await started();
  await vi.waitFor(async () => {
    const rows = await rowsOf(perennial);
    const of = (ids: readonly string[]) => ids.map((id) => rows.get(id)?.state);
    expect(new Set(of(waiting))).toEqual(new Set(["PENDING"]));
    expect(of(held)).toEqual(held.map(() => "SCHEDULED"));
    expect(of(running)).toEqual(running.map(() => "STARTED"));
    expect(running.map((id) => rows.get(id)?.worker)).toEqual(["garden@fleet", "garden@fleet", "pond@fleet"]);
    const { workers, queues } = await asked(perennial).overview();
    expect(workers.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toMatchObject([
      { name: "garden@fleet", state: "online", pool: "prefork", slots: 2, queues: expect.arrayContaining(["default", "math"]) },
      { name: "pond@fleet", state: "online", pool: "thread", slots: 3, queues: ["poolthreads"] },
    ]);
    expect(queues.find(({ name }) => name === "prio")).toMatchObject({ depth: 300, consumers: [], health: "unconsumed" });
  }, PATIENCE);

  expect((await waitingIds(perennial.address, "prio")).toSorted()).toEqual(waiting.toSorted());
  expect(await lengths()).toEqual(before);
  expect(await direct.zcard("unacked_index")).toBe(held.length);
  direct.disconnect();
});

describe("while Redis is away", () => {
  /** Told by the probe and by the overview, which answers all the same. */
  async function saysThatRedisIsAway(perennial: Perennial): Promise<void> {
    await vi.waitFor(async () => {
      expect(await isReady(perennial)).toBe(false);
      expect((await asked(perennial).overview()).us.problem).toMatch(/Redis/);
    }, PATIENCE);
  }

  async function recovers(perennial: Perennial): Promise<void> {
    await vi.waitFor(async () => {
      expect(await isReady(perennial)).toBe(true);
      expect((await asked(perennial).overview()).us).toMatchObject({ problem: null, role: "leader" });
    }, PATIENCE);
  }

  /** Without the line that only payloads tell, which are gone with their log. */
  async function shown(perennial: Perennial): Promise<unknown[]> {
    const rows = [...(await rowsOf(perennial)).values()];
    return rows.map((row) => ({ ...row, what: null })).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  test("it says so, shows what it knows, and writes its history again when that was lost", async () => {
    const shop = await fleetOf();
    const perennial = await started();
    await shop.produce({ count: 120, seed: 8, kinds: "add,fail,retry,threads,chord-succeeds" });
    await shop.settled();
    expect(await wrongs(perennial, await shop.expectations())).toEqual([]);
    const before = await shown(perennial);

    process.kill(redis.pid, "SIGSTOP");
    const stoppedAt = Date.now();
    await saysThatRedisIsAway(perennial);
    expect(await shown(perennial)).toEqual(before);
    await delay(Math.max(0, stoppedAt + 8_000 - Date.now()));
    process.kill(redis.pid, "SIGCONT");
    await recovers(perennial);
    expect(await shown(perennial)).toEqual(before);

    const { port } = redis;
    await redis.stop();
    await saysThatRedisIsAway(perennial);
    expect(await shown(perennial)).toEqual(before);
    redis = await withRedis({ port });
    await recovers(perennial);
    await vi.waitFor(async () => {
      expect((await asked(perennial).overview()).gaps.map(({ where }) => where)).toContain("history");
      expect(await shown(perennial)).toEqual(before);
    }, PATIENCE);
    const { workers } = await asked(perennial).overview();
    expect(workers.map(({ name }) => name).toSorted()).toEqual(["garden@fleet", "pond@fleet"]);

    await perennial.stop();
    expect(await shown(await started())).toEqual(before);
  });
});
