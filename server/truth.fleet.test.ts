import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Perennial, startPerennial } from "../e2e/perennial.ts";
import { type Fleet, type FleetWorker, startFleet, type Venv } from "../lib/testing/fleet.ts";
import { type RedisServer, withRedis } from "../lib/testing/redis-server.ts";
import { differences, questionsTo } from "../lib/testing/truth.ts";

/** Each fleet has pool processes on two workers and threads on a third, by which Celery before 5.7 loses events. */
function workersOf(first: Venv, second: Venv): FleetWorker[] {
  return [
    { name: "garden-1", venv: first, queues: ["default", "math", "slow"], concurrency: 4 },
    { name: "garden-2", venv: second, queues: ["math", "default", "prio", "slow"], concurrency: 4 },
    { name: "pond", venv: second, queues: ["poolthreads"], pool: "threads", concurrency: 4 },
  ];
}

const TASKS = 2_000;
/** What one worker holds when it is killed, in its pool and in line for it. */
const HELD = { count: 40, kinds: "long,add,fail,ignored-result", seed: 3 };
/** After the last task has ended: what no event told has to be looked for, and found absent twice. */
const RECONCILED_MS = 150_000;

describe("the truth", () => {
  let redis: RedisServer;
  let perennial: Perennial;
  let fleet: Fleet | undefined;

  beforeEach(async () => {
    redis = await withRedis();
    perennial = await startPerennial("--name", "truth", "--broker", `${redis.url}/0`, "--results", `${redis.url}/1`);
  });

  afterEach(async () => {
    await fleet?.end();
    await perennial.stop();
    await redis.stop();
  });

  /** What Perennial says otherwise than the ledger of producers and tasks, once it had time to look. */
  async function wrongs(truthful: Fleet): Promise<string[]> {
    const truth = await truthful.expectations();
    const questions = questionsTo(perennial.address);
    let found: string[] = [];
    await vi
      .waitFor(
        async () => {
          found = await differences(truth, questions);
          if (found.length > 0) throw new Error("not yet");
        },
        { timeout: RECONCILED_MS, interval: 3_000 },
      )
      .catch(() => undefined);
    return found;
  }

  test.for<[string, Venv, Venv]>([
    ["Celery 5.7", "celery-5.7", "celery-5.7"],
    ["Celery 5.6", "celery-5.6", "celery-5.6"],
    ["Celery 5.3", "celery-5.3", "celery-5.3"],
    ["a fleet that mixes 5.7 and 5.6", "celery-5.7", "celery-5.6"],
  ])("of every kind of ending, on %s", async ([, first, second]) => {
    fleet = await startFleet({ redisUrl: redis.url, venv: first, workers: workersOf(first, second) });
    await fleet.produce({ count: TASKS, seed: 7 });
    await fleet.settled();
    expect(Object.keys((await fleet.expectations()).tasks).length).toBeGreaterThanOrEqual(TASKS);
    expect(await wrongs(fleet)).toEqual([]);

    await fleet.produce(HELD);
    const victim = await vi.waitUntil(atWorkForLong, { timeout: 30_000, interval: 50 });
    await fleet.kill(victim.replace("@fleet", ""));
    await vi.waitUntil(async () => (await stateOf(victim)) === "lost", { timeout: 60_000, interval: 500 });
    // Its first look at what others hold for too long gives that to whoever is there.
    await fleet.start([{ name: "orchard", venv: second, queues: ["default", "math", "slow", "prio"], visibilityTimeout: 2 }]);
    await fleet.settled();
    expect(await wrongs(fleet)).toEqual([]);
    expect((await questionsTo(perennial.address).overview()).byState).toMatchObject({ LOST: expect.any(Number) });
  });

  async function stateOf(worker: string): Promise<string | undefined> {
    const { workers } = await questionsTo(perennial.address).overview();
    return workers.find(({ name }) => name === worker)?.state;
  }

  async function atWorkForLong(): Promise<string | null | undefined> {
    const { tasks } = await questionsTo(perennial.address).list({ state: "STARTED", limit: 100 });
    return tasks.find(({ name }) => name === "fleet.long")?.worker;
  }
});
