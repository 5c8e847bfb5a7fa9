import { expect, test } from "vitest";
import type { Sample } from "../log/log.ts";
import { Queues } from "./queues.ts";

const START = 1_790_000_000_000;

function sample(at: number, depths: Record<string, number>): Sample {
  return {
    at,
    queues: Object.entries(depths).map(([name, depth]) => ({
      name,
      byPriority: [
        { priority: 0, depth: depth - 1 },
        { priority: 3, depth: 1 },
      ],
    })),
  };
}

test("the latest sample of a queue stays when the queue is no longer sampled", () => {
  const queues = new Queues();
  queues.apply(sample(START, { a: 3, b: 5 }));
  queues.apply(sample(START + 2_000, { a: 4 }));
  expect(queues.get("a")).toMatchObject({ name: "a", sampledAt: START + 2_000 });
  expect(queues.get("b")).toMatchObject({ name: "b", sampledAt: START });
});

test("the history keeps peaks, over any span, in few points", () => {
  const queues = new Queues();
  const end = START + 2 * 86_400_000;
  for (let at = START; at <= end; at += 2_000) queues.apply(sample(at, { a: at === end - 30_000_000 ? 900 : 10 }));
  const hour = queues.history("a", end - 3_600_000, end);
  expect(hour.length).toBeGreaterThan(300);
  expect(hour.at(-1)).toEqual({ at: end, depth: 10 });
  for (const span of [40_000_000, 86_400_000, 2 * 86_400_000]) {
    const points = queues.history("a", end - span, end);
    expect(points.length).toBeLessThanOrEqual(400);
    expect(Math.max(...points.map(({ depth }) => depth))).toBe(900);
    expect(points).toEqual(points.toSorted((left, right) => left.at - right.at));
  }
  expect(queues.history("b", START, end)).toEqual([]);
});

test("beyond the bound a queue that is gone makes room, and what finds none is counted", () => {
  const queues = new Queues(2);
  queues.apply(sample(START, { a: 1, b: 1 }));
  queues.apply(sample(START + 1, { b: 1, c: 1, d: 1 }));
  expect(queues.all().map(({ name }) => name)).toEqual(["b", "c"]);
  expect(queues.omitted).toBe(1);
});

test("what a sample does not tell stays as it was", () => {
  const queues = new Queues();
  queues.apply({ ...sample(START, {}), unacked: { count: 2, oldestAt: START } });
  queues.apply(sample(START + 1, {}));
  expect(queues.unacked).toEqual({ count: 2, oldestAt: START });
});
