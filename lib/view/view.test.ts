import { EventEmitter, once } from "node:events";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Event } from "../model/event.ts";
import { stateOf } from "../model/state.ts";
import { arbitraryEvent } from "../testing/arbitrary-event.ts";
import { anyTaskEvent, idOf, START, taskEvent } from "../testing/task-events.ts";
import type { Change } from "./changes.ts";
import { scan } from "./query.ts";
import { View } from "./view.ts";

function viewOf(events: readonly Event[], first = 1): View {
  const view = new View();
  for (const [at, event] of events.entries()) view.apply(event, first + at);
  return view;
}

/** Any events, and the same events in any order with any of them repeated. */
const mixed = fc.array(anyTaskEvent, { minLength: 1, maxLength: 30 }).chain((events) =>
  fc.tuple(
    fc.constant(events),
    fc.array(fc.nat({ max: events.length - 1 }), { maxLength: 10 }).chain((again) => {
      const all = [...events, ...again.map((at) => events[at]!)];
      return fc.shuffledSubarray(all, { minLength: all.length });
    }),
  ),
);

const ids = Array.from({ length: 12 }, (_, n) => idOf(n));

describe("any order and any repetition of events", () => {
  test("gives the same tasks and the same counts by state", () => {
    fc.assert(
      fc.property(mixed, ([events, others]) => {
        const [left, right] = [viewOf(events), viewOf(others)];
        for (const id of ids) expect(right.task(id)).toEqual(left.task(id));
        expect(right.byState).toEqual(left.byState);
      }),
      { numRuns: 300 },
    );
  });

  test("counts each outcome as often as there are tasks with it, over all times and in all dimensions", () => {
    fc.assert(
      fc.property(mixed, ([, events]) => {
        const view = viewOf(events);
        const states = view.byState;
        const span = { from: START - 60_000, to: START + 120_000 };
        const expected = {
          sent: ids.filter((id) => view.task(id)?.sentAt !== undefined).length,
          succeeded: states.get("SUCCESS") ?? 0,
          failed: states.get("FAILURE") ?? 0,
          revoked: states.get("REVOKED") ?? 0,
          rejected: states.get("REJECTED") ?? 0,
        };
        expect(view.series.total()).toMatchObject(expected);
        expect(view.series.sum({ ...span, by: "all" })).toMatchObject(expected);
        for (const by of ["name", "queue", "worker"] as const) {
          for (const [key, totals] of view.series.totals(by)) {
            const tasks = ids.map((id) => view.task(id)).filter((task) => task?.[by] === key);
            const failed = tasks.filter((task) => task !== undefined && stateOf(task) === "FAILURE").length;
            expect(totals.failed).toBe(failed);
            expect(view.series.sum({ ...span, by, key }).failed).toBe(failed);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test("counts agree with the list", () => {
    fc.assert(
      fc.property(mixed, ([, events]) => {
        const view = viewOf(events);
        const page = scan(view.table, { filter: { is: "all", of: [] }, sort: "last", descending: true, limit: 0, now: START });
        expect(page.byState).toEqual(Object.fromEntries(view.byState));
        expect(view.extent.tasks).toBe(page.total);
      }),
    );
  });
});

test("a repeat changes no count of any kind", () => {
  fc.assert(
    fc.property(fc.array(anyTaskEvent, { minLength: 1, maxLength: 30 }), (events) => {
      const view = viewOf(events);
      const before = view.series.total();
      for (const event of events) view.apply(event, view.extent.next);
      expect(view.series.total()).toEqual(before);
    }),
  );
});

test("no event is too odd for it", () => {
  fc.assert(
    fc.property(fc.array(arbitraryEvent, { maxLength: 30 }), (events) => {
      const view = viewOf(events);
      for (const event of events) if ("task" in event) view.ordinalsOf(event.task);
      view.series.read({ from: START, to: START + 60_000, by: "all" });
      view.unfinishedBefore(view.extent.next, START);
      view.trim(view.extent.next);
      expect(view.extent.tasks).toBe(0);
    }),
    { numRuns: 100 },
  );
});

test("a worker's tasks are counted for it", () => {
  const online: Event = { type: "worker.online", worker: "w", at: START, seenAt: START, source: "event" };
  const view = viewOf([
    taskEvent("task.failed", "a", 1, { worker: "w" }),
    online,
    taskEvent("task.succeeded", "b", 2, { worker: "w" }),
    taskEvent("task.succeeded", "a", 3, { worker: "w", run: 1 }),
  ]);
  expect(view.workers.get("w")).toMatchObject({ succeeded: 2, failed: 0 });
});

test("a task's events and children", () => {
  const view = viewOf(
    [
      taskEvent("task.sent", "a", 1),
      taskEvent("task.sent", "b", 2, { parentId: "a", rootId: "a" }),
      taskEvent("task.started", "a", 3),
      taskEvent("task.sent", "c", 4, { parentId: "a", rootId: "a" }),
      taskEvent("task.succeeded", "a", 5),
    ],
    1_000,
  );
  expect(view.ordinalsOf("a")).toEqual([1_004, 1_002, 1_000]);
  expect(view.ordinalsOf("nobody")).toEqual([]);
  expect(view.childrenOf("a")).toEqual(["b", "c"]);
  expect(view.childrenOf("c")).toEqual([]);
});

describe("trimming", () => {
  /** What the leader does: writes again what must live on, waits until the view has it, then trims. */
  function trimAsLeader(log: { first: number; events: Event[] }, view: View, before: number): void {
    for (const known of view.unfinishedBefore(before, START + 1_000_000)) {
      log.events.push(known);
      view.apply(known, view.extent.next);
    }
    log.events.splice(0, before - log.first);
    log.first = before;
    view.trim(before);
  }

  test("a replica that starts on what is left shows exactly what a running one shows", () => {
    const cuts = fc.array(fc.tuple(fc.nat(10), fc.array(anyTaskEvent, { maxLength: 10 })), { maxLength: 6 });
    fc.assert(
      fc.property(fc.array(anyTaskEvent, { minLength: 1, maxLength: 20 }), cuts, (events, rounds) => {
        const log = { first: 1, events: [...events] as Event[] };
        const view = viewOf(events);
        for (const [cut, more] of rounds) {
          trimAsLeader(log, view, Math.min(log.first + cut, log.first + log.events.length));
          for (const event of more) {
            log.events.push(event);
            view.apply(event, view.extent.next);
          }
        }
        // What the running one drops, because it remembers having forgotten it, the other cannot know of.
        if (view.extent.dropped > 0) return;
        const restarted = viewOf(log.events, log.first);
        for (const id of ids) expect(restarted.task(id)).toEqual(view.task(id));
        expect(restarted.byState).toEqual(view.byState);
      }),
      { numRuns: 150 },
    );
  });

  test("finished tasks go with their last event, and unfinished ones are written again once", () => {
    const view = viewOf([taskEvent("task.succeeded", "done", 1), taskEvent("task.started", "runs", 2), taskEvent("task.sent", "new", 3)]);
    const again = view.unfinishedBefore(3, START + 10_000);
    expect(again.map(({ type, task }) => [type, task])).toEqual([["task.known", "runs"]]);
    view.apply(again[0]!, 4);
    view.trim(3);
    expect(view.task("done")).toBeUndefined();
    expect(view.task("runs")).toMatchObject({ id: "runs" });
    expect(view.ordinalsOf("runs")).toEqual([4]);
    expect(view.unfinishedBefore(4, START).map(({ task }) => task)).toEqual(["new"]);
    expect(view.extent).toMatchObject({ first: 3, next: 5, events: 2, tasks: 2 });
  });

  test("what happened while a task was being written again is written again later", () => {
    const view = viewOf([taskEvent("task.sent", "a", 1), taskEvent("task.sent", "b", 2)]);
    const [known] = view.unfinishedBefore(2, START + 10_000);
    view.apply(taskEvent("task.started", "a", 3), 3);
    view.apply(taskEvent("task.received", "b", 4), 4);
    view.apply(known!, 5);
    view.trim(2);
    expect(view.unfinishedBefore(4, START).map(({ task }) => task)).toContain("a");
  });

  test("a late event of a trimmed task is dropped and counted, a new task with its id is not", () => {
    const view = viewOf([taskEvent("task.succeeded", "a", 1), taskEvent("task.sent", "b", 2)]);
    view.trim(2);
    view.apply(taskEvent("task.started", "a", 0), 3);
    view.apply(taskEvent("task.succeeded", "a", 9), 4);
    expect(view.task("a")).toBeUndefined();
    expect(view.extent.dropped).toBe(2);
    view.apply(taskEvent("task.sent", "a", 10), 5);
    view.apply(taskEvent("task.succeeded", "a", 11), 6);
    expect(stateOf(view.task("a")!)).toBe("SUCCESS");
  });

  test("series and totals outlive the tasks that they counted", () => {
    const view = viewOf([taskEvent("task.succeeded", "a", 1), taskEvent("task.sent", "b", 2)]);
    view.trim(2);
    expect(view.series.total().succeeded).toBe(1);
    expect(view.byState.get("SUCCESS")).toBeUndefined();
  });
});

describe("a log that begins anew", () => {
  test("can be told everything that is known, in as many parts as one likes", () => {
    fc.assert(
      fc.property(fc.array(anyTaskEvent, { minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 5 }), (events, limit) => {
        const [view, next] = [viewOf(events), new View()];
        const remembered = viewOf(events).reset();
        for (;;) {
          const part = remembered.peek(limit, START + 1_000_000);
          if (part.length === 0) break;
          expect(part.length).toBeLessThanOrEqual(limit);
          for (const event of part) next.apply(event, next.extent.next + 1);
          remembered.told(part.length);
        }
        for (const id of ids) {
          const task = view.task(id);
          expect(next.task(id)).toEqual(task && { ...task, seenAt: START + 1_000_000 });
        }
        expect(next.byState).toEqual(view.byState);
        expect(next.acts.kept.map(({ event }) => event.task)).toEqual(view.acts.kept.map(({ event }) => event.task));
      }),
    );
  });

  test("is told the workers, and does not make the depths of queues forgotten", () => {
    const online: Event = { type: "worker.online", worker: "w", at: START, seenAt: START, source: "event", pid: 7, details: '{"slots":4}' };
    const view = viewOf([online]);
    view.applySample({ at: START, queues: [{ name: "mail", byPriority: [{ priority: 0, depth: 3 }] }] });
    const [worker] = view.workers.all();
    const remembered = view.reset();
    expect(view.workers.all()).toEqual([]);
    expect(view.queues.get("mail")).toBeDefined();
    for (const event of remembered.peek(10, START + 5_000)) view.apply(event, 1);
    expect(view.workers.all()).toEqual([worker]);
  });
});

test("gaps, malformed things and acts are kept with their ordinals, and lost counts with them", () => {
  const rest = { at: START, seenAt: START, source: "leader" } as const;
  const view = viewOf([
    { type: "log.gap", ...rest, fromAt: START - 1_000, count: 5, details: JSON.stringify({ where: "events", reason: "cut off" }) },
    { type: "log.malformed", ...rest, count: 2, details: "{" },
    { type: "log.gap", ...rest },
    taskEvent("task.acted", "a", 1, { action: "revoke", actor: "ops" }),
  ]);
  expect(view.gaps.kept).toMatchObject([
    { ordinal: 1, fromAt: START - 1_000, count: 5, where: "events", reason: "cut off" },
    { ordinal: 3, fromAt: null, count: null, where: "", reason: "" },
  ]);
  expect(view.gaps.total).toBe(6);
  expect(view.malformed.total).toBe(2);
  expect(view.acts.kept).toMatchObject([{ ordinal: 4, event: { action: "revoke" } }]);
  view.trim(3);
  expect(view.gaps.kept).toHaveLength(1);
  expect(view.gaps.total).toBe(6);
});

describe("hints", () => {
  async function hintAfter(view: View, act: () => void): Promise<Change> {
    const heard = new EventEmitter();
    const end = view.subscribe((change) => heard.emit("change", change));
    const next: Promise<[Change]> = once(heard, "change") as Promise<[Change]>;
    act();
    const [change] = await next;
    end();
    return change;
  }

  test("tell once a turn what changed", async () => {
    const view = new View();
    const change = await hintAfter(view, () => {
      view.apply(taskEvent("task.sent", "a", 1), 1);
      view.apply(taskEvent("task.sent", "b", 1), 2);
      view.apply(taskEvent("task.started", "a", 2), 3);
    });
    expect(change).toEqual({ ordinal: 3, tasks: ["a", "b"], queues: false, workers: false });
  });

  test("tell no ids when there are many", async () => {
    const view = new View();
    const change = await hintAfter(view, () => {
      for (let n = 0; n < 200; n++) view.apply(taskEvent("task.sent", idOf(n), 1), n + 1);
      view.applySample({ at: START, queues: [] });
    });
    expect(change).toEqual({ ordinal: 200, tasks: null, queues: true, workers: false });
  });

  test("survive a log that begins anew", async () => {
    const view = viewOf([taskEvent("task.sent", "a", 1)]);
    expect(await hintAfter(view, () => view.reset())).toMatchObject({ tasks: null });
    expect(view.extent).toMatchObject({ tasks: 0, next: 0, seenAt: null });
  });
});
