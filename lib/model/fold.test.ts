import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FLAG_REQUEUED, FLAG_REVOKE_PROMISED, runOf, type TaskEvent, type TaskEventType } from "./event.ts";
import { fold } from "./fold.ts";
import { knownOf } from "./known.ts";
import { isInferred, stateOf } from "./state.ts";
import type { Task } from "./task.ts";

const ID = "5f6b0c3e-5f0e-4d0e-9a0e-1f2e3d4c5b6a";

/** An event of the one task; `second` is both when it happened and when it was heard. */
function event(type: TaskEventType, second: number, facts: Partial<TaskEvent> = {}): TaskEvent {
  const at = 1_790_000_000_000 + second * 1000;
  return { type, task: ID, at, seenAt: at, source: "event", ...facts };
}

function foldAll(events: readonly TaskEvent[]): Task {
  let task: Task | undefined;
  for (const one of events) task = fold(task, one);
  if (task === undefined) throw new Error("no events");
  return task;
}

const stateAfter = (...events: TaskEvent[]) => stateOf(foldAll(events));

const TYPES: readonly TaskEventType[] = [
  "task.sent",
  "task.received",
  "task.started",
  "task.progress",
  "task.retried",
  "task.succeeded",
  "task.failed",
  "task.revoked",
  "task.rejected",
  "task.cancelled",
  "task.waiting",
  "task.held",
  "task.running",
  "task.lost",
  "task.ended",
  "task.acted",
];

const anyWord = fc.constantFrom("a", "b", "c");
const anyEvent: fc.Arbitrary<TaskEvent> = fc
  .record(
    {
      type: fc.constantFrom(...TYPES),
      second: fc.integer({ min: 0, max: 6 }),
      heardAfter: fc.integer({ min: 0, max: 3 }),
      run: fc.constantFrom(0, 1, runOf(1, 0), runOf(2, 1)),
      name: anyWord,
      queue: anyWord,
      worker: anyWord,
      state: anyWord,
      exceptionType: anyWord,
      etaAt: fc.integer({ min: 1, max: 3 }),
      runtimeMs: fc.integer({ min: 1, max: 3 }),
      startedAt: fc.integer({ min: 1, max: 3 }),
      flags: fc.integer({ min: 0, max: 1023 }),
      inferred: fc.boolean(),
    },
    { requiredKeys: ["type", "second", "heardAfter"] },
  )
  .map(({ type, second, heardAfter, state, ...facts }) => {
    const told = event(type, second, {
      ...facts,
      ...(type === "task.progress" && state !== undefined ? { state } : {}),
    });
    return { ...told, seenAt: told.at + heardAfter * 1000 };
  });

describe("fold", () => {
  test("any order and any repetition gives the same task", () => {
    const shuffled = fc.array(anyEvent, { minLength: 1, maxLength: 8 }).chain((events) =>
      fc.tuple(
        fc.constant(events),
        fc.array(fc.nat({ max: events.length - 1 }), { maxLength: 6 }).chain((again) =>
          fc.shuffledSubarray([...events, ...again.map((i) => events[i]!)], {
            minLength: events.length + again.length,
          }),
        ),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([events, mixed]) => {
        expect(foldAll(mixed)).toEqual(foldAll(events));
      }),
      { numRuns: 2_000 },
    );
  });

  test("a success is final, whatever else is told", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 8 }), (events) => {
        expect(stateAfter(event("task.succeeded", 1), ...events)).toBe("SUCCESS");
      }),
    );
  });

  test.each<[string, TaskEvent[], string]>([
    ["seen in a queue", [event("task.waiting", 0)], "PENDING"],
    ["sent with an ETA", [event("task.sent", 0, { etaAt: 5 })], "SCHEDULED"],
    ["held for its ETA", [event("task.received", 0, { etaAt: 5 })], "SCHEDULED"],
    ["received", [event("task.sent", 0), event("task.received", 1)], "RECEIVED"],
    ["started", [event("task.received", 1), event("task.started", 2)], "STARTED"],
    ["a custom state", [event("task.started", 2), event("task.progress", 3, { state: "HALF" })], "HALF"],
    [
      "the later of two custom states",
      [event("task.progress", 4, { state: "HALF" }), event("task.progress", 3, { state: "ZERO" })],
      "HALF",
    ],
    ["waiting for its retry", [event("task.retried", 3), event("task.received", 4, { run: runOf(1, 0), etaAt: 9 })], "RETRY"],
    ["running again after a retry", [event("task.retried", 3), event("task.started", 5, { run: runOf(1, 0) })], "STARTED"],
    [
      "a retry told after the failure of the next attempt",
      [event("task.failed", 4, { run: runOf(1, 0) }), event("task.retried", 5)],
      "FAILURE",
    ],
    ["received told after started", [event("task.started", 2), event("task.received", 1)], "STARTED"],
    ["a failure corrected by its redelivery", [event("task.failed", 2), event("task.succeeded", 9, { run: 1 })], "SUCCESS"],
    ["put back in its queue", [event("task.rejected", 2, { flags: FLAG_REQUEUED })], "REJECTED"],
    [
      "a revoke promised, then run all the same",
      [event("task.revoked", 1, { flags: FLAG_REVOKE_PROMISED }), event("task.started", 2)],
      "STARTED",
    ],
    ["a revoke promised, then kept", [event("task.revoked", 1, { flags: FLAG_REVOKE_PROMISED }), event("task.revoked", 2)], "REVOKED"],
    ["its worker died", [event("task.started", 2), event("task.lost", 9)], "LOST"],
    ["its worker was only slow", [event("task.started", 2), event("task.lost", 9), event("task.running", 12)], "STARTED"],
    ["its worker died, and it was delivered again", [event("task.lost", 9), event("task.received", 12, { run: 1 })], "RECEIVED"],
    ["nowhere any more", [event("task.started", 2), event("task.ended", 9)], "ENDED"],
    ["nowhere, then its result came", [event("task.ended", 9), event("task.failed", 3)], "FAILURE"],
    ["an operator's act alone", [event("task.acted", 1)], "PENDING"],
  ])("%s", (_, events, state) => {
    expect(stateAfter(...events)).toBe(state);
    expect(stateAfter(...events.toReversed())).toBe(state);
  });

  test("what was told replaces what was concluded, and says so", () => {
    const concluded = event("task.succeeded", 5, { inferred: true, source: "leader" });
    expect(isInferred(foldAll([concluded]))).toBe(true);
    expect(isInferred(foldAll([concluded, event("task.succeeded", 7)]))).toBe(false);
  });

  test("times describe the latest run; the exception is that of the deciding step", () => {
    const task = foldAll([
      event("task.sent", 0),
      event("task.received", 1),
      event("task.started", 2),
      event("task.retried", 3, { exceptionType: "ConnectionError" }),
      event("task.received", 4, { run: runOf(1, 0), etaAt: 9_000 }),
      event("task.started", 6, { run: runOf(1, 0) }),
      event("task.succeeded", 7, { run: runOf(1, 0), runtimeMs: 900 }),
    ]);
    const second = (at: number | undefined) => (at === undefined ? undefined : (at - 1_790_000_000_000) / 1000);
    expect([task.sentAt, task.receivedAt, task.startedAt, task.endedAt].map(second)).toEqual([0, 4, 6, 7]);
    expect(task.exceptionType).toBeUndefined();
    expect(task.runtimeMs).toBe(900);
  });

  test("task.known restores what its task knew", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { minLength: 1, maxLength: 8 }), (events) => {
        const task = foldAll(events);
        const known = knownOf(task, task.seenAt);
        expect(stateOf(fold(undefined, known))).toBe(stateOf(task));
        expect(fold(undefined, known)).toEqual(task);
        expect(fold(task, known)).toEqual(task);
      }),
    );
  });
});
