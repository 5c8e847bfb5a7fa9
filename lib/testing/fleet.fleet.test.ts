import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Fleet, hasVenv, startFleet } from "./fleet.ts";
import { type RedisServer, withRedis } from "./redis-server.ts";

describe.skipIf(!hasVenv("celery-5.7"))("a fleet", () => {
  let redis: RedisServer;
  let fleet: Fleet;

  // The tasks run for three seconds: a visibility timeout shorter than that would deliver them again while they run.
  beforeAll(async () => {
    redis = await withRedis();
    fleet = await startFleet({
      redisUrl: redis.url,
      venv: "celery-5.7",
      workers: [
        { name: "garden", queues: ["default", "math", "slow", "prio"], concurrency: 4, visibilityTimeout: 8 },
        { name: "pond", queues: ["poolthreads"], pool: "threads" },
      ],
    });
  });

  afterAll(async () => {
    await fleet?.end();
    await redis?.stop();
  });

  test("says what became of every task that it was given", async () => {
    const summary = await fleet.produce({ count: 20, kinds: "add,fail,retry,ignore" });
    await fleet.settled();
    const { tasks, settled } = await fleet.expectations();
    expect(settled).toBe(true);
    expect(Object.keys(tasks)).toHaveLength(summary.tasks);
    expect(new Set(Object.values(tasks).flatMap((task) => task.states))).toEqual(new Set(["SUCCESS", "FAILURE", "ENDED"]));
  });

  test("a killed worker loses what it ran, and what it had not acknowledged runs elsewhere", async () => {
    await fleet.produce({ count: 4, kinds: "long" });
    const long = async () => Object.values((await fleet.expectations()).tasks).filter((task) => task.name.startsWith("fleet.long"));
    await vi.waitFor(async () => expect((await long()).flatMap((task) => task.attempts)).toHaveLength(4), { interval: 50 });
    await fleet.kill("garden");
    await fleet.start([{ name: "orchard", queues: ["default", "math", "slow", "prio"], visibilityTimeout: 8 }]);
    await fleet.settled();
    expect((await long()).map((task) => [task.name, task.states, task.attempts.length]).toSorted()).toEqual([
      ["fleet.long", ["LOST"], 1],
      ["fleet.long", ["LOST"], 1],
      ["fleet.long_late", ["SUCCESS"], 2],
      ["fleet.long_late", ["SUCCESS"], 2],
    ]);
    const { workers } = await fleet.expectations();
    expect(workers["garden@fleet"]?.state).toBe("lost");
  });

  test("says which command failed", async () => {
    await expect(fleet.kill("nobody")).rejects.toThrow("nobody@fleet");
  });
});
