import fc from "fast-check";
import { runOf, type TaskEvent, type TaskEventType } from "../model/event.ts";

// Task events as brokers tell them, of few tasks and few words, so that they meet each other.

export const START = 1_790_000_000_000;

/** `second` is both when it happened and when it was heard. */
export function taskEvent(type: TaskEventType, task: string, second: number, facts: Partial<TaskEvent> = {}): TaskEvent {
  const at = START + second * 1_000;
  return { type, task, at, seenAt: at, source: "event", ...facts };
}

/** A UUID, or now and then another text, from a small number. */
export function idOf(n: number): string {
  return n % 4 === 3 ? `job-${n}` : `5f6b0c3e-5f0e-4d0e-9a0e-${n.toString(16).padStart(12, "0")}`;
}

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

const anyId = fc.nat(11).map(idOf);
const anyWord = fc.constantFrom("a", "b", "c", "pkg.d", "");
const anyAt = fc.nat(12).map((second) => START + second * 1_000);

export const anyTaskEvent: fc.Arbitrary<TaskEvent> = fc
  .record(
    {
      type: fc.constantFrom(...TYPES),
      task: anyId,
      second: fc.nat(10),
      heardAfter: fc.integer({ min: -1, max: 3 }),
      run: fc.constantFrom(0, 1, runOf(1, 0), runOf(2, 1)),
      name: anyWord,
      queue: anyWord,
      worker: anyWord,
      state: anyWord,
      exceptionType: anyWord,
      parentId: anyId,
      rootId: anyId,
      groupId: anyId,
      rerunId: anyId,
      priority: fc.constantFrom(-1, 0, 5, 254, 300, 0.5),
      etaAt: anyAt,
      expiresAt: anyAt,
      sentAt: anyAt,
      startedAt: anyAt,
      runtimeMs: fc.integer({ min: 0, max: 9_000 }).map((us) => us / 1_000),
      flags: fc.nat(1_023),
      inferred: fc.boolean(),
    },
    { requiredKeys: ["type", "task", "second", "heardAfter"], noNullPrototype: true },
  )
  .map(({ type, task, second, heardAfter, state, ...facts }) => ({
    ...taskEvent(type, task, second, facts),
    seenAt: START + (second + heardAfter) * 1_000,
    ...(type === "task.progress" && state !== undefined ? { state } : {}),
  }));
