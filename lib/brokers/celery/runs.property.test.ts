import * as fc from "fast-check";
import { expect, test } from "vitest";
import { runOf } from "../../model/event.ts";
import { Runs } from "./runs.ts";

/** One thing that is heard of a task, and the run of which it really is. */
interface Told {
  what: "received" | "started" | "retried" | "ended" | "retry stored" | "state stored" | "outcome stored";
  worker: string;
  retries: number;
  delivery: number;
}

/** What happens in one attempt: how often its message is delivered, by whom, and whether its state is stored. */
const attempt = fc.record({
  workers: fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 }),
  isStored: fc.boolean(),
  /** How many of the next attempt's events come before this one's retry is told. */
  toldLate: fc.nat(2),
});

/** A task's history as its workers tell it and as its results are published: each in order, the two apart. */
const history = fc.array(attempt, { minLength: 1, maxLength: 5 }).map((attempts) => {
  const events: Told[] = [];
  const results: Told[] = [];
  let late: { told: Told; after: number } | undefined;
  const tell = (told: Told): void => {
    events.push(told);
    if (late === undefined) return;
    if (late.after === 0) events.push(late.told);
    late = late.after === 0 ? undefined : { ...late, after: late.after - 1 };
  };
  for (const [retries, { workers, isStored, toldLate }] of attempts.entries()) {
    for (const [delivery, worker] of workers.entries()) {
      tell({ what: "received", worker, retries, delivery });
      tell({ what: "started", worker, retries, delivery });
    }
    const last = { worker: workers.at(-1) ?? "", retries, delivery: workers.length - 1 };
    if (isStored) results.push({ what: "state stored", ...last });
    const isOver = retries === attempts.length - 1;
    results.push({ what: isOver ? "outcome stored" : "retry stored", ...last });
    if (late !== undefined) events.push(late.told);
    late = isOver ? undefined : { told: { what: "retried", ...last }, after: toldLate };
    if (isOver) events.push({ what: "ended", ...last });
  }
  return { events, results };
});

function stamp(runs: Runs, { what, worker, retries }: Told, at: number): number {
  switch (what) {
    case "received":
      return runs.received("t", retries, worker, at);
    case "started":
      return runs.started("t", worker, at);
    case "retried":
      return runs.retried("t", worker, at);
    case "ended":
      return runs.ended("t", worker, at);
    case "retry stored":
      return runs.retryStored("t", undefined, at);
    case "state stored":
      return runs.stored("t", undefined, at);
    case "outcome stored":
      return runs.latest("t", undefined, at);
  }
}

/** Both streams in one, each in its own order. */
function merged({ events, results }: { events: Told[]; results: Told[] }, takesEvent: readonly boolean[]): Told[] {
  const all: Told[] = [];
  const left = { events: [...events], results: [...results] };
  for (let i = 0; left.events.length + left.results.length > 0; i++) {
    const fromEvents = left.results.length === 0 || (left.events.length > 0 && (takesEvent[i % takesEvent.length] ?? true));
    const next = (fromEvents ? left.events : left.results).shift();
    if (next !== undefined) all.push(next);
  }
  return all;
}

test("whatever overtakes what, every event of a worker belongs to the run that it is of", () => {
  fc.assert(
    fc.property(history, fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }), (told, takesEvent) => {
      const runs = new Runs({ task: () => undefined });
      for (const [i, one] of merged(told, takesEvent).entries()) {
        const run = stamp(runs, one, i + 1);
        if (["received", "started", "retried", "ended"].includes(one.what))
          expect(run, `${one.what} of ${one.retries} delivery ${one.delivery}`).toBe(runOf(one.retries, one.delivery));
      }
    }),
    { numRuns: 2_000 },
  );
});

test("what is stored belongs to its attempt, or to an earlier one where the next was not heard of yet", () => {
  fc.assert(
    fc.property(history, fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }), (told, takesEvent) => {
      const runs = new Runs({ task: () => undefined });
      for (const [i, one] of merged(told, takesEvent).entries()) {
        const run = stamp(runs, one, i + 1);
        if (one.what === "retry stored") expect(Math.floor(run / 64), "retry stored").toBe(one.retries);
        if (one.what === "state stored") expect(Math.floor(run / 64), "state stored").toBeLessThanOrEqual(one.retries);
        if (one.what === "outcome stored") expect(Math.floor(run / 64), "outcome stored").toBe(one.retries);
      }
    }),
    { numRuns: 2_000 },
  );
});
