import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Event, FLAG_ARGS_CUT, FLAG_EXPIRED, FLAG_TERMINATED, isTaskEvent, type TaskEvent } from "../../model/event.ts";
import { type Release, RELEASES, findIn, kinds, recorded } from "../../wire/celery/fixtures/recorded.ts";
import { Hearing } from "./hearing.ts";
import { Malformed } from "./malformed.ts";
import { Runs } from "./runs.ts";

const AT = Date.UTC(2026, 10, 21);

function hearing() {
  const malformed = new Malformed(0, AT);
  const queues: string[] = [];
  const hears = new Hearing({ runs: new Runs({ task: () => undefined }), names: { add: (queue) => void queues.push(queue) }, malformed });
  const events: Event[] = [];
  return {
    queues,
    events,
    hear: (raw: string | Buffer, at = AT) => hears.hear(Buffer.from(raw), at, (heard) => void events.push(...heard)),
    complaints: () => malformed.take(AT + 1).map((event) => `${event.count} ${event.details}`),
  };
}

/** The first event of a type in a recording, with what it was heard after. */
function heard(release: Release, kind: string, type: TaskEvent["type"]): TaskEvent | undefined {
  const ear = hearing();
  for (const { raw } of findIn(recorded(release, kind)).messages) ear.hear(raw);
  return ear.events.filter(isTaskEvent).find((event) => event.type === type);
}

/** A message as a worker publishes it. */
function published(body: unknown): string {
  return JSON.stringify({
    body: Buffer.from(JSON.stringify(body)).toString("base64"),
    "content-encoding": "utf-8",
    "content-type": "application/json",
    headers: { hostname: "w1@node1" },
    properties: { delivery_mode: 1, delivery_info: { exchange: "celeryev", routing_key: "task.multi" }, body_encoding: "base64" },
  });
}

const event = (type: string, rest: object = {}) => ({
  type,
  uuid: "t",
  hostname: "w1@node1",
  timestamp: AT / 1000,
  pid: 7,
  clock: 1,
  ...rest,
});

describe.each(RELEASES)("Celery %s tells", (release) => {
  test("what a worker received", () => {
    expect(heard(release, "event-task-received", "task.received")).toMatchObject({
      source: "event",
      worker: "w1@node1",
      name: "tasks.add",
      run: 0,
      retries: 0,
      pid: expect.any(Number),
      clock: expect.any(Number),
      payload: { args: "(2, 3)", kwargs: "{}", argsForm: "repr" },
    });
  });

  test("what a client sent, and to which queue", () => {
    const sent = heard(release, "event-task-sent", "task.sent");
    expect(sent).toMatchObject({ queue: "other", actor: expect.stringMatching(/^gen\d+@/), payload: { data: expect.any(String) } });
    expect(sent).not.toHaveProperty("worker");
  });

  test("a success, with its result as Python shows it", () => {
    expect(heard(release, "event-task-succeeded", "task.succeeded")).toMatchObject({
      runtimeMs: expect.any(Number),
      payload: { result: "5", resultForm: "repr" },
    });
  });

  test("failures, with the class and the text of the exception", () => {
    expect(heard(release, "event-task-failed", "task.failed")).toMatchObject({
      exceptionType: "ValueError",
      payload: { exception: expect.stringMatching(/^ValueError: .*boom/), traceback: expect.stringContaining("raise ValueError") },
    });
    expect(heard(release, "event-task-failed-unregistered", "task.failed")).toMatchObject({ exceptionType: "NotRegistered" });
    expect(heard(release, "event-task-failed-hard-time-limit", "task.failed")).toMatchObject({ exceptionType: "TimeLimitExceeded" });
    expect(heard(release, "event-task-failed-worker-lost", "task.failed")).toMatchObject({ exceptionType: "WorkerLostError" });
    expect(heard(release, "event-task-retried", "task.retried")).toMatchObject({ exceptionType: "KeyError" });
  });

  test("revokes, and of which kind", () => {
    expect(heard(release, "event-task-revoked", "task.revoked")).toMatchObject({ flags: 0 });
    expect(heard(release, "event-task-revoked-expired", "task.revoked")).toMatchObject({ flags: FLAG_EXPIRED });
    expect(heard(release, "event-task-revoked-terminated", "task.revoked")).toMatchObject({ flags: FLAG_TERMINATED });
  });

  test("a state of the task's own", () => {
    const progress = heard(release, "event-task-progress", "task.progress");
    expect(progress).toMatchObject({ state: "PROGRESS" });
    expect(JSON.parse(progress?.payload?.data ?? "")).toMatchObject({ done: 3, total: 10 });
  });

  test("heartbeats; one that was asked for tells neither load nor frequency", () => {
    const ear = hearing();
    for (const { raw } of findIn(recorded(release, "event-worker-heartbeat")).messages) ear.hear(raw);
    const asked = hearing();
    for (const { raw } of findIn(recorded(release, "event-worker-heartbeat-requested")).messages) asked.hear(raw);
    const [beat] = ear.events;
    expect(beat).toMatchObject({ type: "worker.heartbeat", worker: "w1@node1", pid: expect.any(Number) });
    expect(JSON.parse(beat?.details ?? "")).toMatchObject({ heartbeatMs: 2000, active: expect.any(Number), loadavg: expect.any(Array) });
    const requested = asked.events.map(({ details }) => JSON.parse(details ?? "") as object).find((data) => !("active" in data));
    expect(requested).toBeDefined();
    expect(requested).not.toHaveProperty("heartbeatMs");
  });

  test("nothing that we do not understand", () => {
    const ear = hearing();
    for (const kind of kinds(release).filter((name) => name.startsWith("event-")))
      for (const { raw } of findIn(recorded(release, kind)).messages) ear.hear(raw);
    expect(ear.events.length).toBeGreaterThan(20);
    expect(ear.complaints()).toEqual([]);
  });
});

test("5.7 tells a hard time limit twice and a rejection as a failure first: one run, one outcome", () => {
  const ear = hearing();
  for (const kind of ["event-task-failed-hard-time-limit", "event-task-rejected"])
    for (const { raw } of findIn(recorded("5.7.0", kind)).messages) ear.hear(raw);
  const ends = ear.events.filter(({ type }) => type === "task.failed" || type === "task.rejected");
  expect(ends.length).toBeGreaterThan(1);
  expect(ends.map(({ run }) => run)).toEqual(ends.map(() => 0));
});

describe("a batch", () => {
  test("may be empty, and says nothing then", () => {
    const ear = hearing();
    ear.hear(published([]));
    expect([ear.events, ear.complaints()]).toEqual([[], []]);
  });

  test("loses only what in it is broken, and that is counted", () => {
    const ear = hearing();
    ear.hear(published([event("task-received"), { type: "task-started" }, 7, event("task-started")]));
    expect(ear.events.map(({ type }) => type)).toEqual(["task.received", "task.started"]);
    expect(ear.complaints()).toHaveLength(2);
  });

  test("of a thousand broken messages is one complaint", () => {
    const ear = hearing();
    for (let i = 0; i < 1000; i++) ear.hear(`{"body": ${i}`);
    expect(ear.complaints()).toEqual([expect.stringMatching(/^1000 .*not JSON/)]);
  });
});

describe("odd fields", () => {
  test("an id of another making is taken as it is", () => {
    const ear = hearing();
    const id = `"quoted" ünïcode \\ ${"x".repeat(400)}`;
    ear.hear(published([event("task-received", { uuid: id, retries: 2 })]));
    expect(ear.events).toMatchObject([{ task: id, run: 128, retries: 2 }]);
  });

  test("an id too long for one is refused and counted, because two that begin alike are two", () => {
    const ear = hearing();
    ear.hear(
      published([event("task-received", { uuid: "x".repeat(100_000) }), event("worker-heartbeat", { hostname: "h".repeat(1_000) })]),
    );
    expect(ear.events).toEqual([]);
    expect(ear.complaints()).toEqual([expect.stringMatching(/^2 .*an id is longer/)]);
  });

  test("names of any length are cut, and retries bounded", () => {
    const ear = hearing();
    ear.hear(published([event("task-received", { name: "n".repeat(100_000), retries: 1e300 }), event(`task-${"s".repeat(9_000)}`)]));
    const [received, custom] = ear.events;
    expect(received?.name?.length).toBe(512);
    expect(received?.retries).toBe(1_000_000);
    expect(custom?.state?.length).toBe(512);
  });

  test("a time that cannot be is replaced by ours and counted", () => {
    const ear = hearing();
    ear.hear(published([event("task-started", { timestamp: 1e12 })]));
    expect(ear.events).toMatchObject([{ at: AT }]);
    expect(ear.complaints()).toEqual([expect.stringContaining("a time is out of bounds")]);
  });

  test("arguments that are cut are marked, and those that were not sent do not pass for empty ones", () => {
    const ear = hearing();
    ear.hear(published([event("task-received", { args: "('xxx...", kwargs: "{}" }), event("task-received", { args: "", kwargs: "" })]));
    const [cut, none] = ear.events;
    expect(cut).toMatchObject({ flags: FLAG_ARGS_CUT, payload: { args: "('xxx..." } });
    expect(none).not.toHaveProperty("payload");
  });

  test("a retried task is not its own parent", () => {
    const ear = hearing();
    ear.hear(published([event("task-received", { parent_id: "t", root_id: "r" })]));
    expect(ear.events[0]).not.toHaveProperty("parentId");
  });
});

test("a queue that only producers name is learned", () => {
  const ear = hearing();
  ear.hear(published(event("task-sent", { queue: "mail" })));
  ear.hear(published(event("task-sent", { queue: null })));
  expect(ear.queues).toEqual(["mail"]);
});

test("never throws, whatever is published", () => {
  const ear = hearing();
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        fc.json(),
        fc.jsonValue().map(published),
      ),
      (message) => ear.hear(message),
    ),
  );
});
