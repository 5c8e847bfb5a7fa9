import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FLAG_EXHAUSTED, FLAG_EXPIRED, FLAG_REVOKE_PROMISED, FLAG_TERMINATED, type TaskEvent } from "../../model/event.ts";
import { type Json, type Release, RELEASES, findIn, kinds, recorded } from "../../wire/celery/fixtures/recorded.ts";
import { decodeResultMeta, type ResultMeta } from "../../wire/celery/result.ts";
import { celeryKeys } from "../../wire/celery/keys.ts";
import { fromResult, isFinal } from "./from-result.ts";
import { Malformed } from "./malformed.ts";
import { Results } from "./results.ts";
import { Runs } from "./runs.ts";

const AT = Date.UTC(2026, 10, 22);

function meta(json: Json): ResultMeta {
  const decoded = decodeResultMeta(Buffer.from(JSON.stringify(json)));
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.value;
}

function told(json: Json, runs = new Runs({ task: () => undefined })): TaskEvent {
  return fromResult("t", meta(json), AT, false, runs);
}

const stored = (release: Release, kind: string, name = "meta"): TaskEvent => told(recorded(release, kind)[name] ?? null);

describe.each(RELEASES)("a result of Celery %s", (release) => {
  test("tells the end with the time at which it was stored, whatever form the date has", () => {
    const event = stored(release, "result-success");
    expect(event).toMatchObject({
      type: "task.succeeded",
      task: "t",
      source: "result",
      run: 0,
      payload: { result: "5", resultForm: "value" },
    });
    expect(event.at).toBeGreaterThan(Date.UTC(2026, 10, 20));
    expect(event.at).toBeLessThan(AT);
    expect(event.seenAt).toBe(AT);
  });

  test("tells an exception by its class without the module, and in words with it", () => {
    expect(stored(release, "result-failure")).toMatchObject({
      type: "task.failed",
      exceptionType: "ValueError",
      payload: { exception: expect.stringMatching(/^ValueError: /), traceback: expect.stringContaining("boom") },
    });
    expect(stored(release, "result-failure-nested")).toMatchObject({ exceptionType: "Outer.Nested" });
    expect(stored(release, "result-worker-lost")).toMatchObject({
      exceptionType: "WorkerLostError",
      payload: { exception: expect.stringMatching(/^billiard\.exceptions\.WorkerLostError: Worker exited/) },
    });
  });

  test("tells a beginning with its worker, and a custom state with its data", () => {
    expect(stored(release, "result-started")).toMatchObject({ type: "task.started", worker: "w1@node1", pid: expect.any(Number) });
    expect(stored(release, "result-progress")).toMatchObject({
      type: "task.progress",
      state: "PROGRESS",
      payload: { resultForm: "value" },
    });
  });

  test("tells what an extended one holds besides", () => {
    expect(stored(release, "result-extended", "success")).toMatchObject({
      name: "tasks.slow",
      worker: "w3@node3",
      queue: "celery",
      retries: 0,
      payload: { args: "[1.5]", kwargs: expect.stringContaining("dict"), argsForm: "value" },
    });
  });

  test("tells a retry as the end of one attempt, and what follows as the next", () => {
    const runs = new Runs({ task: () => undefined });
    const retry = recorded(release, "result-retry")["meta"] ?? null;
    expect(told(retry, runs)).toMatchObject({ type: "task.retried", run: 0 });
    expect(told(recorded(release, "result-success")["meta"] ?? null, runs)).toMatchObject({ run: 64 });
  });

  test("that cannot be told is none", () => {
    const metas = kinds(release).flatMap((kind) => findIn(recorded(release, kind)).metas);
    expect(metas.length).toBeGreaterThan(20);
    for (const one of metas) expect(() => told(one)).not.toThrow();
  });
});

describe("revoked", () => {
  const revoked = (reason: string, children: Json): Json => ({
    status: "REVOKED",
    task_id: "t",
    children,
    result: { exc_type: "TaskRevokedError", exc_message: [reason], exc_module: "celery.exceptions" },
  });

  test.each([
    ["revoked", [], 0, true],
    ["expired", [], FLAG_EXPIRED, true],
    ["terminated", [], FLAG_TERMINATED, true],
    ["revoked", null, FLAG_REVOKE_PROMISED, false],
  ])("%s with children %j: flags %i, final %s", (reason, children, flags, final) => {
    expect(told(revoked(reason, children))).toMatchObject({ type: "task.revoked", flags });
    expect(isFinal(meta(revoked(reason, children)))).toBe(final);
  });
});

test("what was looked up is marked, and no sign of life of its task", () => {
  const runs = new Runs({ task: () => undefined });
  expect(fromResult("t", meta({ status: "SUCCESS", result: 1 }), AT, true, runs)).toMatchObject({ inferred: true });
  expect(runs.heardAt("t")).toBe(0);
});

test("a failure says when retries were used up, if that is why", () => {
  const failed = (exc_type: string): Json => ({
    status: "FAILURE",
    result: { exc_type, exc_message: ["x"], exc_module: "celery.exceptions" },
  });
  expect(told(failed("MaxRetriesExceededError")).flags).toBe(FLAG_EXHAUSTED);
  expect(told(failed("ChordError")).flags).toBeUndefined();
});

test("whatever is published as the result of a task of ours, nothing is thrown", () => {
  const keys = celeryKeys();
  const runs = new Runs({ task: () => undefined });
  runs.received("t", 0, "w1@h", 1);
  const results = new Results([], keys, runs, { task: () => undefined }, new Malformed());
  const bytes = fc.oneof(
    fc.uint8Array().map((array) => Buffer.from(array)),
    fc.string().map((text) => Buffer.from(text)),
    fc.json().map((text) => Buffer.from(text)),
    fc
      .record({
        status: fc.constantFrom("SUCCESS", "FAILURE", "RETRY", "STARTED", "REVOKED", "X"),
        result: fc.jsonValue(),
        children: fc.jsonValue(),
      })
      .map((meta) => Buffer.from(JSON.stringify(meta))),
  );
  fc.assert(fc.property(bytes, (value) => results.published(keys.result.task("t"), value, AT, () => undefined)));
});

test("a date that cannot be is replaced by ours", () => {
  expect(told({ status: "SUCCESS", result: 1, date_done: "9999-01-01T00:00:00" }).at).toBe(AT);
});
