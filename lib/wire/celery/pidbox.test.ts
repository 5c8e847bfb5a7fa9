import { describe, expect, test } from "vitest";

import { decodeBody, decodeEnvelope } from "./envelope.ts";
import { type Json, type RecordedMessage, RELEASES, findIn, kinds, recorded } from "./fixtures/recorded.ts";
import {
  readClock,
  readConf,
  readConsumedQueues,
  readHeldTasks,
  readHello,
  readPing,
  readQueriedTasks,
  readRegistered,
  readRevoked,
  readScheduled,
  readStats,
} from "./inspect-reply.ts";
import type { Value } from "../python/value.ts";
import type { PidboxCommand } from "./pidbox-command.ts";
import { decodePidboxReply, readAnswer } from "./pidbox-reply.ts";
import { type PidboxRequest, encodePidboxRequest } from "./pidbox-request.ts";
import { plainValue } from "./plain-value.ts";

const REQUEST: PidboxRequest = {
  command: { method: "ping", arguments: {} },
  destination: null,
  ticket: "ticket",
  replyQueue: "monitor.reply",
  controlExchange: "celery.pidbox",
  deliveryTag: "tag",
  clock: 7,
  expiresAt: 1795248781209.5,
};

function body(text: string): unknown {
  const envelope = decodeEnvelope(text);
  if (!envelope.ok) throw new Error(envelope.reason);
  const value = decodeBody(envelope.value);
  if (!value.ok) throw new Error(value.reason);
  return plainValue(value.value);
}

function encode(request: Partial<PidboxRequest>): string {
  const text = encodePidboxRequest({ ...REQUEST, ...request });
  if (!text.ok) throw new Error(text.reason);
  return text.value;
}

describe("a request", () => {
  test.each(RELEASES)("has the parts of the one that Celery %s sends", (release) => {
    const theirs = recorded<RecordedMessage>(release, "pidbox-request-ping");
    const ours = JSON.parse(encode({})) as { headers: object; properties: object };
    const reference = JSON.parse(theirs.raw) as { headers: object; properties: object };
    expect(Object.keys(ours)).toEqual(Object.keys(reference));
    expect(Object.keys(ours.headers)).toEqual(Object.keys(reference.headers));
    expect(Object.keys(ours.properties)).toEqual(Object.keys(reference.properties));
    expect(Object.keys(body(encode({})) as object)).toEqual(Object.keys(theirs.body as object));
  });

  test("names the list for its replies directly", () => {
    expect(body(encode({}))).toMatchObject({ ticket: "ticket", reply_to: { exchange: "", routing_key: "monitor.reply" } });
    expect(body(encode({ replyQueue: null }))).not.toHaveProperty("reply_to");
  });

  test.each(RELEASES)("may be each of the commands that were sent to %s, but for the unknown ones", (release) => {
    type Control = { method: string; arguments: { [name: string]: Json } };
    const { commands } = recorded<{ commands: Control[] }>(release, "pidbox-control-replies");
    const refused = commands.filter(({ method, arguments: given }) => {
      const command = { method, arguments: given } as unknown as PidboxCommand;
      return !encodePidboxRequest({ ...REQUEST, command, destination: ["w1@node1"] }).ok;
    });
    const methods = new Set(refused.map(({ method, arguments: given }) => `${method} ${JSON.stringify(given)}`));
    for (const line of methods)
      expect(line).toMatch(/^(no_such_command|ping \{"unexpected|terminate|rate_limit .*bogus|revoke .*"sigterm|pool_restart|election)/);
  });

  test.each<[string, { method: string; arguments: object }, readonly string[] | null]>([
    ["an election, which crashes a worker that is alone", { method: "election", arguments: { id: "1" } }, ["w1"]],
    ["a shutdown of everybody", { method: "shutdown", arguments: {} }, null],
    ["an empty destination, which workers read as everybody", { method: "ping", arguments: {} }, []],
    ["an empty name", { method: "ping", arguments: {} }, [""]],
    ["half a character", { method: "ping", arguments: {} }, ["\ud800"]],
    ["an unknown command", { method: "rm", arguments: {} }, null],
    ["an unknown argument", { method: "ping", arguments: { x: 1 } }, null],
    ["a lower case signal", { method: "revoke", arguments: { task_id: "1", terminate: true, signal: "kill" } }, null],
    ["a revoke of nothing", { method: "revoke", arguments: { task_id: [], terminate: false } }, null],
    ["a rate that is none", { method: "rate_limit", arguments: { task_name: "t", rate_limit: "fast" } }, null],
    ["a pool of no size", { method: "pool_grow", arguments: { n: 0 } }, null],
  ])("is refused: %s", (_, command, destination) => {
    const request = { ...REQUEST, command: command as unknown as PidboxCommand, destination };
    expect(encodePidboxRequest(request)).toMatchObject({ ok: false, reason: expect.any(String) });
  });

  test("shuts down the one that is named", () => {
    expect(body(encode({ command: { method: "shutdown", arguments: {} }, destination: ["w1@node1"] }))).toMatchObject({
      method: "shutdown",
      destination: ["w1@node1"],
    });
  });
});

/** Payload of the first reply in a recording. */
function payload(release: (typeof RELEASES)[number], kind: string): Value {
  const reply = findIn(recorded<{ replies: unknown }>(release, kind).replies).messages[0];
  const replies = decodePidboxReply(reply?.raw ?? "");
  if (!replies.ok) throw new Error(replies.reason);
  expect(replies.value).toMatchObject([{ node: "w1@node1", ticket: expect.any(String), clock: expect.any(Number) }]);
  return replies.value[0]?.payload ?? null;
}

describe.each(RELEASES)("what a worker of %s answers", (release) => {
  test("to ping and clock", () => {
    expect(readPing(payload(release, "pidbox-inspect-ping"))).toBe(true);
    expect(readClock(payload(release, "pidbox-inspect-clock"))).toBeGreaterThan(0);
  });

  test("about running tasks", () => {
    const tasks = readHeldTasks(payload(release, "pidbox-reply-active"));
    expect(tasks).toHaveLength(2);
    expect(tasks).toContainEqual(
      expect.objectContaining({ name: "tasks.slow", args: [4], acknowledged: true, hostname: "w1@node1", startedAt: expect.any(Number) }),
    );
    expect(tasks).toContainEqual(
      expect.objectContaining({ name: "tasks.slow_late", acknowledged: false, redelivered: false, pid: expect.any(Number) }),
    );
    expect(readHeldTasks(payload(release, "pidbox-reply-active-safe"))?.map(({ args }) => args)).toEqual(["(4,)", "(4,)"]);
  });

  test("about waiting tasks", () => {
    const reserved = readHeldTasks(payload(release, "pidbox-reply-reserved"));
    expect(reserved?.length).toBeGreaterThan(2);
    expect(reserved?.every(({ startedAt, routingKey }) => startedAt === null && routingKey === "celery")).toBe(true);
    expect(readScheduled(payload(release, "pidbox-reply-scheduled"))).toMatchObject([
      { etaAt: expect.any(Number), priority: 6, task: { name: "tasks.add", args: [1, 1] } },
    ]);
  });

  test("about tasks by id, those with an ETA from 5.7", () => {
    const states = [...(readQueriedTasks(payload(release, "pidbox-reply-query_task"))?.values() ?? [])].map(({ state }) => state);
    expect(states.sort()).toEqual(["active", "active", "reserved", ...(release === "5.7.0" ? ["scheduled"] : [])]);
    expect(readQueriedTasks(payload(release, "pidbox-inspect-query_task"))?.size).toBe(0);
  });

  test("about its queues and tasks", () => {
    expect(readConsumedQueues(payload(release, "pidbox-inspect-active_queues"))).toMatchObject([
      { name: "celery", exchange: "celery", exchangeType: "direct", routingKey: "celery", expiresMs: null, noAck: false },
      { name: "other" },
    ]);
    const registered = readRegistered(payload(release, "pidbox-inspect-registered"));
    expect(registered).toContainEqual({ name: "tasks.add", info: null });
    expect(registered).toContainEqual({ name: "tasks.limited", info: "rate_limit=100/s" });
  });

  test("about revoked tasks, in hello as object or list", () => {
    const revoked = readRevoked(payload(release, "pidbox-inspect-revoked"));
    expect(revoked?.length).toBeGreaterThan(0);
    expect(readHello(payload(release, "pidbox-inspect-hello"))?.revoked.sort()).toEqual(revoked?.sort());
  });

  test("about itself", () => {
    const stats = readStats(payload(release, "pidbox-reply-stats-busy"));
    expect(stats).toMatchObject({
      pid: expect.any(Number),
      clock: expect.any(Number),
      uptimeMs: expect.any(Number),
      prefetchCount: 9,
      pool: {
        implementation: release === "5.2.6" ? null : "celery.concurrency.prefork:TaskPool",
        maxConcurrency: 2,
        pids: [expect.any(Number), expect.any(Number)],
        maxTasksPerChild: null,
        softLimitMs: null,
        hardLimitMs: null,
      },
      broker: { transport: "redis", hostname: "127.0.0.1", virtualHost: "0" },
      autoscaler: null,
      rusage: { userMs: expect.any(Number), maxRssKiB: expect.any(Number) },
    });
    expect(stats?.totals).toContainEqual(["tasks.add", 17]);
    const conf = new Map(readConf(payload(release, "pidbox-inspect-conf")));
    expect(conf.get("accept_content")).toEqual(["json"]);
  });

  test("to commands", () => {
    type Control = { method: string; reply_bodies: { [node: string]: Json }[] };
    const { commands } = recorded<{ commands: Control[] }>(release, "pidbox-control-replies");
    const answers = commands.map(({ reply_bodies: [first] }) => {
      const encoded = Buffer.from(JSON.stringify(first)).toString("base64");
      const text = JSON.stringify({
        body: encoded,
        "content-type": "application/json",
        headers: {},
        properties: { body_encoding: "base64" },
      });
      const replies = decodePidboxReply(text);
      return replies.ok ? readAnswer(replies.value[0]?.payload ?? null) : null;
    });
    expect(answers).toContainEqual({ ok: true, text: "pool will grow" });
    expect(answers).toContainEqual({ ok: false, error: "KeyError('no_such_command')" });
    expect(answers).toContainEqual(null); // heartbeat
  });
});

test("beat (5.7) answers ping and nothing else", () => {
  expect(kinds("5.7.0")).toContain("beat-remote-control");
  const [message] = findIn(recorded("5.7.0", "beat-remote-control")).messages;
  const replies = decodePidboxReply(message?.raw ?? "");
  expect(replies).toMatchObject({ ok: true, value: [{ node: "celerybeat@client-host" }] });
  expect(replies.ok && readPing(replies.value[0]?.payload ?? null)).toBe(true);
});

test("an error or anything else instead of an answer is null, not an empty answer", () => {
  const readers = [
    readHeldTasks,
    readScheduled,
    readQueriedTasks,
    readConsumedQueues,
    readRegistered,
    readRevoked,
    readHello,
    readConf,
    readStats,
    readClock,
  ];
  const error: Value = { $: "dict", items: [["error", "KeyError('x')"]] };
  for (const read of readers) for (const value of [error, null, "text", 5]) expect(read(value), read.name).toBeNull();
});

test("a reply that names no node is refused", () => {
  const text = JSON.stringify({ body: "W10=", "content-type": "application/json", properties: { body_encoding: "base64" } });
  expect(decodePidboxReply(text)).toEqual({ ok: false, reason: "a reply names no node" });
});
