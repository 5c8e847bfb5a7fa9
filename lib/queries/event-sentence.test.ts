import { describe, expect, test } from "vitest";
import {
  FLAG_EXHAUSTED,
  FLAG_EXPIRED,
  FLAG_REQUEUED,
  FLAG_REVOKE_PROMISED,
  FLAG_TERMINATED,
  type TaskEvent,
  runOf,
} from "../model/event.ts";
import { eventSentence } from "./event-sentence.ts";

const AT = Date.UTC(2026, 5, 1);
const base = { task: "t", at: AT, seenAt: AT, source: "event" } as const;

describe("an event says", () => {
  const cases: [string, Omit<TaskEvent, "task" | "at" | "seenAt" | "source"> & Partial<TaskEvent>][] = [
    ["It was sent to billing by gen7@web.", { type: "task.sent", queue: "billing", actor: "gen7@web" }],
    ["It was sent, to start 10 s later.", { type: "task.sent", etaAt: AT + 10_000 }],
    ["w1@a took it.", { type: "task.received", worker: "w1@a", retries: 0 }],
    ["w1@a took it (attempt 3).", { type: "task.received", worker: "w1@a", retries: 2 }],
    ["w1@a began to run it (attempt 2).", { type: "task.started", worker: "w1@a", run: runOf(1, 0) }],
    ["It reports CRUNCHING.", { type: "task.progress", state: "CRUNCHING" }],
    ["It failed with KeyError on w1@a and will run again.", { type: "task.retried", worker: "w1@a", exceptionType: "KeyError" }],
    ["It succeeded on w1@a after 5.0 s.", { type: "task.succeeded", worker: "w1@a", runtimeMs: 5_000 }],
    ["The result backend says: it succeeded.", { type: "task.succeeded", source: "result" }],
    ["It failed; its retries are used up.", { type: "task.failed", flags: FLAG_EXHAUSTED }],
    ["It expired before it ran.", { type: "task.revoked", flags: FLAG_EXPIRED }],
    ["It was terminated on w1@a while it ran.", { type: "task.revoked", flags: FLAG_TERMINATED, worker: "w1@a" }],
    [
      "The result backend says: a revoke is stored for it; no worker has dropped it yet.",
      { type: "task.revoked", source: "result", flags: FLAG_REVOKE_PROMISED },
    ],
    ["w1@a refused it and put it back into its queue.", { type: "task.rejected", worker: "w1@a", flags: FLAG_REQUEUED }],
    ["w1@a refused it, and its message is gone.", { type: "task.rejected", worker: "w1@a" }],
    ["w1@a stopped running it, after a lost connection or at a cold shutdown.", { type: "task.cancelled", worker: "w1@a" }],
    ["Seen in the queue: its message waits in billing.", { type: "task.waiting", source: "queue", queue: "billing" }],
    ["Seen among unacknowledged messages: a worker holds its message.", { type: "task.held", source: "unacked" }],
    ["Its worker answers: w1@a is running it.", { type: "task.running", source: "inspect", worker: "w1@a" }],
    ["Concluded: it was lost with its worker w1@a.", { type: "task.lost", source: "leader", inferred: true, worker: "w1@a" }],
    ["Concluded: it is nowhere any more, and nothing told how it ended.", { type: "task.ended", source: "leader", inferred: true }],
    [
      "Its worker answers: w1@a is running it (concluded, not told).",
      { type: "task.running", source: "inspect", worker: "w1@a", inferred: true },
    ],
    ["Concluded: what happened before is trimmed; its facts are kept.", { type: "task.known", source: "leader" }],
    ["Ada sent it again as 5a6b.", { type: "task.acted", source: "operator", action: "rerun", actor: "Ada", rerunId: "5a6b" }],
    ["An operator revoked it.", { type: "task.acted", source: "operator", action: "revoke" }],
    ["Ada terminated it.", { type: "task.acted", source: "operator", action: "terminate", actor: "Ada" }],
  ];
  test.each(cases)("%s", (sentence, event) => {
    expect(eventSentence({ ...base, ...event })).toBe(sentence);
  });
});
