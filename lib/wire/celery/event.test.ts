import { describe, expect, test } from "vitest";

import { type CeleryEvent, type EventBatch, decodeEvents } from "./event.ts";
import { type Release, RELEASES, findIn, recorded } from "./fixtures/recorded.ts";

function batch(text: string): EventBatch {
  const decoded = decodeEvents(text);
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.value;
}

/** Events of a kind in a recording. */
function events<Type extends CeleryEvent["type"]>(release: Release, kind: string, type: Type): Extract<CeleryEvent, { type: Type }>[] {
  const all = findIn(recorded(release, kind)).messages.flatMap(({ raw }) => batch(raw).events);
  return all.filter((event): event is Extract<CeleryEvent, { type: Type }> => event.type === type);
}

function sent(body: unknown, change: object = {}): string {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return JSON.stringify({
    body: Buffer.from(text).toString("base64"),
    "content-encoding": "utf-8",
    "content-type": "application/json",
    headers: { hostname: "w1@node1" },
    properties: { delivery_mode: 1, delivery_info: { exchange: "celeryev", routing_key: "task.multi" }, body_encoding: "base64" },
    ...change,
  });
}

describe.each(RELEASES)("events of Celery %s", (release) => {
  test("of a task that succeeds", () => {
    const [received] = events(release, "event-task-received", "task-received");
    expect(received).toMatchObject({
      hostname: "w1@node1",
      name: "tasks.add",
      args: "(2, 3)",
      kwargs: "{}",
      parentId: null,
      retries: 0,
      etaAt: null,
      expiresAt: null,
      pid: expect.any(Number),
      clock: expect.any(Number),
    });
    expect(received?.rootId).toBe(received?.uuid);
    expect(received?.at).toBeGreaterThan(Date.UTC(2026, 10, 20));
    expect(events(release, "event-task-started", "task-started")[0]?.uuid).toBe(received?.uuid);
    const [succeeded] = events(release, "event-task-succeeded", "task-succeeded");
    expect(succeeded).toMatchObject({ result: "5", runtimeMs: expect.any(Number) });
    expect(succeeded?.runtimeMs).toBeLessThan(1000);
  });

  test("of a client that sends", () => {
    expect(events(release, "event-task-sent", "task-sent")[0]).toMatchObject({ queue: "other", routingKey: "other", exchange: "" });
  });

  test("of failures", () => {
    expect(events(release, "event-task-failed", "task-failed")[0]).toMatchObject({ exception: "ValueError('boom', 7)" });
    expect(events(release, "event-task-failed-unregistered", "task-failed")[0]).toMatchObject({ traceback: null });
    expect(events(release, "event-task-retried", "task-retried")[0]).toMatchObject({ exception: "KeyError('not yet')" });
    expect(events(release, "event-task-rejected", "task-rejected")[0]).toMatchObject({ requeue: false });
  });

  test("of revokes", () => {
    expect(events(release, "event-task-revoked", "task-revoked")[0]).toMatchObject({ terminated: false, expired: false, signum: null });
    expect(events(release, "event-task-revoked-expired", "task-revoked")[0]).toMatchObject({ expired: true });
    expect(events(release, "event-task-revoked-terminated", "task-revoked")[0]).toMatchObject({ terminated: true, signum: 9 });
  });

  test("that a task sends itself", () => {
    expect(events(release, "event-task-progress", "task-custom")[0]).toMatchObject({
      subject: "progress",
      fields: { done: 3, total: 10 },
      clock: 1,
    });
  });

  test("of workers", () => {
    expect(events(release, "event-worker-heartbeat", "worker-heartbeat")[0]).toMatchObject({
      freqMs: 2000,
      active: expect.any(Number),
      loadavg: [expect.any(Number), expect.any(Number), expect.any(Number)],
      swIdent: "py-celery",
      swVer: release,
      swSys: "Linux",
    });
    expect(events(release, "event-worker-online", "worker-online")).toHaveLength(1);
    expect(events(release, "event-worker-offline", "worker-offline")).toHaveLength(1);
    const requested = events(release, "event-worker-heartbeat-requested", "worker-heartbeat");
    expect(requested[0]).toMatchObject({ freqMs: 5000, active: null, processed: null, loadavg: null });
    expect(events(release, "event-worker-elect-ack", "other")[0]).toMatchObject({ name: "worker-elect-ack", fields: { id: "e-1" } });
  });

  test("in batches, which were empty at times before 5.7", () => {
    const sizes = findIn(recorded(release, "event-batches")).messages.map(({ raw }) => batch(raw).events.length);
    expect(new Set(sizes)).toEqual(new Set(release === "5.7.0" ? [1, 3] : [0, 1, 3]));
    expect(events(release, "event-batches", "other")[0]).toMatchObject({ name: "worker-custom" });
  });
});

test("a success that outlived its process has no runtime", () => {
  expect(events("5.7.0", "event-task-succeeded-worker-lost", "task-succeeded")[0]).toMatchObject({ result: "'stored'", runtimeMs: null });
});

describe("what other senders send", () => {
  const started = { type: "task-started", uuid: "1", hostname: "w1@node1", timestamp: 1795248761.5 };

  test("an element that is no event costs none of its neighbours", () => {
    const { events: read, problems } = batch(
      sent([
        started,
        5,
        {},
        { ...started, uuid: "" },
        { ...started, timestamp: "now" },
        { ...started, type: "task-" },
        { ...started, uuid: "2" },
      ]),
    );
    expect(read.map((event) => event.type === "task-started" && event.uuid)).toEqual(["1", "2"]);
    expect(problems).toEqual([
      "an event is no object",
      "an event has no type",
      'an event "task-started" has no uuid',
      'an event "task-started" has no timestamp',
      "an event has no type",
    ]);
  });

  test("the message's own hostname stands in for a missing one", () => {
    expect(batch(sent({ ...started, hostname: undefined })).events[0]?.hostname).toBe("w1@node1");
    expect(batch(sent({ ...started, hostname: undefined }, { headers: null })).problems).toHaveLength(1);
  });

  test("NaN does not cost the event", () => {
    const text =
      '{"type": "task-progress", "uuid": "1", "timestamp": 1795248761.5, "hostname": "w", "loss": NaN, "n": 12345678901234567890}';
    expect(batch(sent(text)).events[0]).toMatchObject({ type: "task-custom", fields: { loss: Number.NaN } });
  });

  test("a body that is no text in base64 is read by its own encoding", () => {
    const change = { properties: { body_encoding: "utf-8" }, body: JSON.stringify(started) };
    expect(batch(sent("", change)).events).toHaveLength(1);
  });

  test("msgpack (event_serializer) is read", () => {
    // {"type": "task-started", "uuid": "1", "hostname": "w", "timestamp": 1.5}
    const body = Buffer.from(
      "84a474797065ac7461736b2d73746172746564a475756964a131a8686f73746e616d65a177a974696d657374616d70cb3ff8000000000000",
      "hex",
    );
    const text = sent("", { "content-type": "application/x-msgpack", "content-encoding": "binary", body: body.toString("base64") });
    expect(batch(text)).toEqual({
      events: [{ type: "task-started", uuid: "1", hostname: "w", at: 1500, pid: null, clock: null }],
      problems: [],
    });
  });

  test("arguments that are values become text", () => {
    const received = { ...started, type: "task-received", args: [1, "a"], kwargs: null, eta: "2026-11-21T08:12:43Z" };
    expect(batch(sent(received)).events[0]).toMatchObject({ args: '[1,"a"]', kwargs: null, etaAt: Date.UTC(2026, 10, 21, 8, 12, 43) });
  });

  test("fields nested without end are cut, so that nobody falls over them", () => {
    const deep = `${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`;
    const text = sent(`{"type": "task-progress", "uuid": "1", "timestamp": 1, "hostname": "w", "deep": ${deep}}`);
    const [event] = batch(text).events;
    expect(JSON.stringify(event)).toContain("…");
  });

  test("a message that is none is refused with a reason", () => {
    for (const text of ["", "{", "[]", "{}", sent("{")])
      expect(decodeEvents(text)).toMatchObject({ ok: false, reason: expect.any(String) });
  });
});
