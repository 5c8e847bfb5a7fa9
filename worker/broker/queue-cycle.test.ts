import { expect, test } from "vitest";
import { celeryKeys } from "../../lib/wire/celery/keys.ts";
import { QueueCycle } from "./queue-cycle.ts";

const keys = celeryKeys({ prioritySteps: [0, 5], sep: ":" });

test("an urgent message of any queue comes before all that are less urgent", () => {
  expect(new QueueCycle(keys, ["a", "b"]).lists()).toEqual(["a", "b", "a:5", "b:5"]);
});

test("the queue that was served waits for the others", () => {
  const cycle = new QueueCycle(keys, ["a", "b", "c"]);
  cycle.served("a:5");
  expect(cycle.lists()).toEqual(["b", "c", "a", "b:5", "c:5", "a:5"]);
  cycle.served("c");
  expect(cycle.lists().slice(0, 3)).toEqual(["b", "a", "c"]);
});

test("a list of nobody's changes nothing", () => {
  const cycle = new QueueCycle(keys, ["a", "a", "b"]);
  cycle.served("other");
  expect(cycle.queues).toEqual(["a", "b"]);
});
