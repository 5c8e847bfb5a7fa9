import { expect, test } from "vitest";
import { TaskTerminated } from "../errors.ts";
import type { Outcome } from "../task/outcome.ts";
import { requestOf } from "../testing/request.ts";
import { asyncPool } from "./async-pool.ts";
import type { Execute, Job } from "./pool.ts";

const RETURNED: Outcome = { kind: "returned", result: null, children: [], runtimeMs: 0 };

/** A task that ends when it is told to, by its id. */
function controlled() {
  const ends = new Map<string, () => void>();
  const signals = new Map<string, AbortSignal>();
  const execute: Execute = (request, signal) =>
    new Promise((resolve) => {
      signals.set(request.id, signal);
      ends.set(request.id, () => resolve(RETURNED));
    });
  const pool = asyncPool({ size: 1, execute, hostname: "a@b", log: () => {} });
  const begun: string[] = [];
  const run = (id: string, more: Partial<Job> = {}) =>
    pool.run({ request: requestOf({ id }), softLimitMs: null, hardLimitMs: null, accepted: async () => begun.push(id) > 0, ...more });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { pool, run, begun, signals, end: (id: string) => ends.get(id)?.(), settled };
}

test("as many run as there are slots, in the order in which they came", async () => {
  const { pool, run, begun, end, settled } = controlled();
  const outcomes = ["a", "b", "c"].map((id) => run(id));
  await settled();
  expect(begun).toEqual(["a"]);
  pool.grow(1);
  await settled();
  expect(begun).toEqual(["a", "b"]);
  end("a");
  expect(await outcomes[0]).toEqual(RETURNED);
  await settled();
  expect(begun).toEqual(["a", "b", "c"]);
  pool.shrink(5);
  expect(pool.size).toBe(1);
});

test("a task that is terminated has ended, and makes room, even if its function goes on", async () => {
  const { pool, run, begun, signals, settled } = controlled();
  const [first, second] = [run("a"), run("b")];
  await settled();
  expect(pool.terminate("a", 15)).toBe(true);
  expect(await first).toEqual({ kind: "terminated", signal: 15 });
  expect(signals.get("a")?.reason).toBeInstanceOf(TaskTerminated);
  await settled();
  expect(begun).toEqual(["a", "b"]);
  expect([pool.terminate("a", 15), pool.terminate("unknown", 15)]).toEqual([false, false]);
  pool.terminate("b", 9);
  expect(await second).toEqual({ kind: "terminated", signal: 9 });
});

test("a task that waits for a slot can be terminated, and never begins", async () => {
  const { pool, run, begun, end, settled } = controlled();
  const [, second] = [run("a"), run("b")];
  await settled();
  pool.terminate("b", 15);
  expect(await second).toEqual({ kind: "terminated", signal: 15 });
  end("a");
  await settled();
  expect(begun).toEqual(["a"]);
});

test("the soft limit is told, the hard one ends", async () => {
  const { run, signals } = controlled();
  const outcome = await run("a", { softLimitMs: 5, hardLimitMs: 30 });
  expect(outcome).toEqual({ kind: "timed-out", limitMs: 30 });
  expect(signals.get("a")?.reason).toMatchObject({ type: "SoftTimeLimitExceeded", args: [] });
});

test("a task whose message is somebody else's does not begin", async () => {
  const { run, signals } = controlled();
  expect(await run("a", { accepted: async () => false })).toBeNull();
  expect(signals.has("a")).toBe(false);
});
