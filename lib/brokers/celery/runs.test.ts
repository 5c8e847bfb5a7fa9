import { describe, expect, test } from "vitest";
import { runOf } from "../../model/event.ts";
import { Step } from "../../model/task.ts";
import type { KnownTask } from "../broker.ts";
import { boundedRetries, Runs } from "./runs.ts";

const none = { task: () => undefined };

/** What of one task is heard, ten milliseconds apart. */
function heard(known: { task: () => KnownTask | undefined } = none) {
  const runs = new Runs(known);
  let now = 1_000;
  const at = (): number => (now += 10);
  return {
    now: at,
    sent: (retries: number) => runs.sent("t", retries, at()),
    seen: (retries: number) => runs.seen("t", retries),
    held: (retries: number) => runs.held("t", retries),
    heldAgain: (retries: number, since = at()) => runs.heldAgain("t", retries, since),
    returned: (retries: number, since = at()) => runs.returned("t", retries, since),
    received: (retries: number, worker = "w") => runs.received("t", retries, worker, at()),
    started: (worker = "w") => runs.started("t", worker, at()),
    retried: (worker = "w") => runs.retried("t", worker, at()),
    retryStored: (retries?: number) => runs.retryStored("t", retries, at()),
    ended: (worker = "w") => runs.ended("t", worker, at()),
    cancelled: (worker = "w") => runs.cancelled("t", worker, at()),
    latest: (retries?: number) => runs.latest("t", retries, at()),
    stored: (retries?: number) => runs.stored("t", retries, at()),
    onWorker: (worker = "w", askedAt = at()) => runs.onWorker("t", worker, askedAt),
    knows: () => runs.knows("t"),
  };
}

const first = 0;
const again = runOf(0, 1);
const retry = runOf(1, 0);

describe("a retry", () => {
  test("on the same worker", () => {
    const of = heard();
    expect([of.received(0), of.started(), of.retried()]).toEqual([first, first, first]);
    expect([of.received(1), of.started(), of.ended()]).toEqual([retry, retry, retry]);
  });

  test("told after the next attempt began, or even ended", () => {
    const of = heard();
    of.received(0);
    of.started();
    of.received(1);
    of.started();
    expect([of.ended(), of.retried()]).toEqual([retry, first]);
  });

  test("told by another worker than the one on which the first known attempt is", () => {
    const of = heard();
    expect(of.received(2, "v")).toBe(runOf(2, 0));
    expect(of.retried("w")).toBe(retry);
    expect(of.ended("v")).toBe(runOf(2, 0));
  });

  test("told after its message was seen in a queue", () => {
    const of = heard();
    expect(of.seen(1)).toBe(retry);
    expect(of.retried()).toBe(first);
    expect(of.retryStored()).toBe(first);
    expect(of.received(1)).toBe(retry);
  });

  test.each([
    ["the result before the event", ["stored", "told"]],
    ["the event before the result", ["told", "stored"]],
  ])("told by both, %s, is one", (_, order) => {
    const of = heard();
    of.received(0);
    of.started();
    for (const who of order) expect(who === "told" ? of.retried() : of.retryStored()).toBe(first);
    expect(of.received(1)).toBe(retry);
    expect(of.started()).toBe(retry);
    for (const who of order) expect(who === "told" ? of.retried() : of.retryStored()).toBe(retry);
    expect(of.latest()).toBe(runOf(2, 0));
  });

  test("stored and heard long after the worker told it does not end the attempt that runs", () => {
    const of = heard();
    of.received(0);
    of.started();
    of.retried();
    of.received(1);
    of.started();
    expect(of.retryStored()).toBe(first);
    expect(of.ended()).toBe(retry);
  });

  test("in results alone, without any event, counts the attempts", () => {
    const of = heard();
    expect([of.retryStored(), of.retryStored(), of.latest()]).toEqual([first, retry, runOf(2, 0)]);
  });

  test("in extended results says which attempt it is", () => {
    const of = heard();
    expect([of.retryStored(3), of.latest(4), of.stored(4)]).toEqual([runOf(3, 0), runOf(4, 0), runOf(4, 0)]);
  });

  test("a started state that is heard after the worker told the retry is still of the run before", () => {
    const of = heard();
    of.received(0);
    of.started();
    of.retried();
    expect(of.stored()).toBe(first);
    of.retryStored();
    expect(of.stored()).toBe(retry);
  });

  test("that a cold shutdown stores begins no further attempt", () => {
    const of = heard();
    of.received(0);
    of.started();
    of.retryStored();
    expect(of.cancelled()).toBe(first);
    expect(of.latest()).toBe(first);
  });
});

describe("a message taken twice with the same retries", () => {
  test("is a second delivery", () => {
    const of = heard();
    of.received(0, "dead");
    of.started("dead");
    expect([of.received(0), of.started(), of.ended()]).toEqual([again, again, again]);
  });

  test("by the same worker after it reconnected begins in the second delivery", () => {
    const of = heard();
    expect([of.received(0), of.received(0), of.started(), of.ended()]).toEqual([first, again, again, again]);
  });

  test("while the first worker still runs it: each tells its own end", () => {
    const of = heard();
    of.received(0, "slow");
    of.started("slow");
    of.received(0, "w");
    of.started("w");
    expect([of.ended("slow"), of.ended("w")]).toEqual([first, again]);
  });

  test("is none when it was only seen in a queue, sent or held", () => {
    const of = heard();
    expect([of.sent(0), of.seen(0), of.held(0), of.received(0), of.seen(0), of.sent(0)]).toEqual(Array(6).fill(first));
  });

  test("by a worker that replaces the task by another of the same id", () => {
    const of = heard();
    of.received(0);
    of.started();
    expect([of.received(0), of.started(), of.ended()]).toEqual([again, again, again]);
  });

  test("more often than is told apart shares the last number", () => {
    const of = heard();
    for (let i = 0; i < 100; i++) of.received(0);
    expect(of.ended()).toBe(63);
  });
});

describe("a message back in its queue", () => {
  test("after a worker had it is a second delivery, seen as often as you like", () => {
    const of = heard();
    of.received(0);
    expect([of.returned(0), of.returned(0), of.received(0)]).toEqual([again, again, again]);
  });

  test("after a worker held it without a word is a second delivery", () => {
    const of = heard();
    expect([of.held(0), of.returned(0), of.held(0), of.received(0)]).toEqual([first, again, again, again]);
    expect(of.heldAgain(0)).toBe(runOf(0, 2));
    const asked = heard();
    expect([asked.onWorker(), asked.returned(0)]).toEqual([first, again]);
  });

  test("is none when a worker told that it received it while we looked: that may be this very message", () => {
    const of = heard();
    of.received(0, "dead");
    const lookedAt = of.now();
    expect(of.received(0)).toBe(again);
    expect(of.returned(0, lookedAt)).toBe(again);
    expect([of.started(), of.ended()]).toEqual([again, again]);
  });
});

describe("a worker that was asked and has the task", () => {
  test("has the run that we know of", () => {
    const of = heard();
    of.received(0);
    expect(of.onWorker()).toBe(first);
  });

  test("has the next attempt after a retry", () => {
    const of = heard();
    of.received(0);
    of.retried();
    expect(of.onWorker()).toBe(retry);
  });

  test("has another delivery when it is not the worker that had it", () => {
    const of = heard();
    of.received(0, "dead");
    of.started("dead");
    expect([of.onWorker(), of.onWorker(), of.started(), of.ended()]).toEqual([again, again, again, again]);
  });

  test("says nothing when the task was heard of since the question", () => {
    const of = heard();
    of.received(0);
    const askedAt = of.now();
    of.retried();
    expect(of.onWorker("w", askedAt)).toBeUndefined();
  });

  test("may be heard to receive it a moment later", () => {
    const of = heard();
    expect([of.onWorker(), of.received(0), of.started(), of.ended()]).toEqual([first, first, first, first]);
  });
});

describe("what is known", () => {
  const known: KnownTask = {
    id: "t",
    state: "STARTED",
    step: Step.STARTED,
    evidenceAt: 0,
    run: runOf(2, 0),
    received: true,
    started: true,
    worker: "w",
    name: "n",
    queue: undefined,
    sentAt: undefined,
  };

  test("from before a restart goes on", () => {
    expect(heard({ task: () => known }).ended()).toBe(runOf(2, 0));
    expect(heard({ task: () => known }).received(2, "v")).toBe(runOf(2, 1));
    expect(heard({ task: () => known }).started("v")).toBe(runOf(2, 1));
  });

  test("of a retry from before a restart, too", () => {
    expect(heard({ task: () => ({ ...known, step: Step.RETRIED }) }).latest()).toBe(runOf(3, 0));
  });

  test("takes the place of what was forgotten beyond the bound", () => {
    const runs = new Runs({ task: (id) => (id === "t" ? known : undefined) }, 4);
    runs.received("t", 2, "w", 1);
    for (let i = 0; i < 10; i++) runs.received(`${i}`, 0, "w", 1);
    expect([runs.knows("t"), runs.knows("9"), runs.ended("t", "w", 1)]).toEqual([false, true, runOf(2, 0)]);
  });
});

test.each([
  [null, 0],
  [-3, 0],
  [2.7, 2],
  [Number.NaN, 0],
  [1e300, 1_000_000],
])("%s retries are reckoned with as %s", (retries, reckoned) => {
  expect(boundedRetries(retries)).toBe(reckoned);
});
