import { expect, test } from "vitest";
import type { TaskRow } from "../contract/task.ts";
import { storyOf } from "./story.ts";

const NOW = Date.UTC(2026, 5, 1);

function row(given: Partial<TaskRow>): TaskRow {
  return {
    id: "t",
    name: "send_invoice",
    state: "PENDING",
    queue: "billing",
    worker: null,
    retries: 0,
    priority: null,
    sentAt: NOW - 90_000,
    receivedAt: null,
    startedAt: null,
    endedAt: null,
    etaAt: null,
    lastAt: NOW,
    waitMs: null,
    runMs: null,
    exceptionType: null,
    what: null,
    inferred: false,
    tag: null,
    ...given,
  };
}

const ran = { startedAt: NOW - 5_000, waitMs: 400, runMs: 5_000, worker: "w3@b2" };

test.each<[string, Partial<TaskRow>, string | null]>([
  ["Has waited 2 min in billing, nobody has taken it yet.", {}, null],
  ["Nobody has taken it as far as we heard.", { sentAt: null }, null],
  ["Waits for its time in 10 min.", { state: "SCHEDULED", etaAt: NOW + 600_000 }, null],
  ["Was taken by w3@b2, has not started yet.", { state: "RECEIVED", worker: "w3@b2" }, null],
  ["Waited 400 ms in billing, has run for 5.0 s on w3@b2.", { state: "STARTED", ...ran }, null],
  ["Waited 400 ms in billing, has run for 5.0 s on w3@b2, reports CRUNCHING.", { state: "CRUNCHING", ...ran }, null],
  ["Waited 400 ms in billing, succeeded after 5.0 s on w3@b2.", { state: "SUCCESS", ...ran }, "ignored"],
  [
    "Waited 400 ms in billing, failed after 5.0 s on w3@b2 (attempt 3): ConnectionError: db-2 refused.",
    { state: "FAILURE", retries: 2, ...ran },
    "ConnectionError: db-2 refused",
  ],
  ["Failed on w3@b2 and runs again in 20 s: KeyError.", { state: "RETRY", worker: "w3@b2", etaAt: NOW + 20_000 }, "KeyError"],
  ["Expired before it ran.", { state: "REVOKED", tag: "expired" }, null],
  ["Was lost with its worker w3@b2.", { state: "LOST", worker: "w3@b2" }, null],
  ["Is nowhere any more, and nothing told how it ended.", { state: "ENDED" }, null],
])("%s", (story, given, exception) => {
  expect(storyOf({ row: row(given), attempts: [], exception, alike: 0, now: NOW })).toBe(story);
});

test("how many others failed alike", () => {
  const failed = row({ state: "FAILURE", ...ran, worker: null });
  expect(storyOf({ row: failed, attempts: [], exception: null, alike: 1_311, now: NOW })).toBe(
    "Waited 400 ms in billing, failed after 5.0 s. 1,311 others failed alike.",
  );
});
