import { describe, expect, test } from "vitest";

import { type TaskToSend, encodeTaskMessage } from "./encode-task.ts";
import { recorded } from "./fixtures/recorded.ts";
import { celeryKeys } from "./keys.ts";
import { moveEnvelope, redeliverEnvelope } from "./rewrite-envelope.ts";
import { type TaskMessage, decodeTaskMessage } from "./task-message.ts";

const TASK: TaskToSend = {
  id: "6a1e",
  name: "tasks.add",
  argsJson: "[2, 3]",
  kwargsJson: "{}",
  queue: "celery",
  priority: 0,
  deliveryTag: "tag",
  origin: "gen1@monitor",
};

function encoded(task: TaskToSend): string {
  const text = encodeTaskMessage(task);
  if (!text.ok) throw new Error(text.reason);
  return text.value;
}

function read(raw: string): TaskMessage {
  const message = decodeTaskMessage(raw);
  if (!message.ok) throw new Error(message.reason);
  return message.value;
}

type Wire = { headers: { [name: string]: unknown }; properties: { [name: string]: unknown }; body: string };

describe("a task to send", () => {
  test("has every part that Celery's own message has, in the same order", () => {
    const { messages } = recorded<{ messages: { raw: string }[] }>("5.6.3", "queue-plain");
    const theirs = JSON.parse(messages[0]?.raw ?? "") as Wire;
    const ours = JSON.parse(encoded(TASK)) as Wire;
    expect(Object.keys(ours)).toEqual(Object.keys(theirs));
    expect(Object.keys(ours.headers)).toEqual(Object.keys(theirs.headers));
    expect(Object.keys(ours.properties)).toEqual(Object.keys(theirs.properties));
    expect(ours.body).toBe(theirs.body);
  });

  test("is read back as it was meant", () => {
    const task: TaskToSend = {
      ...TASK,
      priority: 6,
      retries: 2,
      etaAt: Date.UTC(2026, 10, 21, 8),
      expiresAt: Date.UTC(2026, 10, 22),
      groupId: "g",
      groupIndex: 3,
      rootId: "r",
      parentId: "p",
      shadow: "other",
      hardLimitMs: 60_000,
      softLimitMs: 30_500,
      ignoreResult: null,
      argsRepr: "(2, 3)",
      kwargsRepr: "{}",
      stamps: [["customer", "c-42"]],
      customHeaders: [["x-id", { $: "int", text: "18446744073709551615" }]],
    };
    const { id, name, queue, argsJson: _args, kwargsJson: _kwargs, ignoreResult, ...rest } = task;
    const message = read(encoded(task));
    expect(message).toMatchObject({ ...rest, id, name, routingKey: queue, exchange: "", ignoresResult: ignoreResult, problems: [] });
    expect(message.effect).toMatchObject({ upTo53: "runs", upTo56: "runs", from57: "runs" });
  });

  test("carries its arguments letter for letter", () => {
    const argsJson = '[12345678901234567890, NaN, 1.0, "\\u00e9é"]';
    const embedJson = '{"chain": [{"task": "tasks.mul", "args": [2]}]}';
    const message = read(encoded({ ...TASK, argsJson, kwargsJson: '{"n": 1e3}', embedJson }));
    expect(message.json).toEqual({ args: argsJson, kwargs: '{"n": 1e3}', embed: embedJson });
    expect(message.chain).toMatchObject([{ task: "tasks.mul" }]);
  });

  test.each<[string, Partial<TaskToSend>]>([
    ["arguments that are no list", { argsJson: "{}" }],
    ["arguments that are no JSON", { argsJson: "[1" }],
    ["two lists in one text", { argsJson: "[1], [2]" }],
    ["keyword arguments that are no object", { kwargsJson: "[]" }],
    ["options that are no object", { embedJson: "[]" }],
    ["a type that Kombu refuses", { argsJson: '[{"__type__": "nope", "__value__": 1}]' }],
    ["no id", { id: "" }],
    ["no queue", { queue: "" }],
    ["a header that would hide Celery's", { customHeaders: [["eta", "soon"]] }],
    ["a header that would have the body inflated", { customHeaders: [["compression", "application/x-gzip"]] }],
  ])("is refused with %s", (_, change) => {
    expect(encodeTaskMessage({ ...TASK, ...change })).toMatchObject({ ok: false, reason: expect.any(String) });
  });

  test("goes to the list of its priority", () => {
    const message = read(encoded({ ...TASK, priority: 6 }));
    expect(celeryKeys().queueList(message.routingKey ?? "", message.priority)).toBe("celery\x06\x166");
  });
});

describe("a message that is put elsewhere", () => {
  const raw = encoded({ ...TASK, customHeaders: [["x-id", { $: "int", text: "18446744073709551615" }]] });

  test("names its new queue, and is the same in all else", () => {
    const moved = moveEnvelope(raw, { queue: "other", priority: 9 });
    if (!moved.ok) throw new Error(moved.reason);
    const [before, after] = [read(raw), read(moved.value)];
    expect(after).toMatchObject({
      routingKey: "other",
      exchange: "",
      priority: 9,
      deliveryTag: "tag",
      customHeaders: before.customHeaders,
    });
    expect(after.envelope.body).toBe(before.envelope.body);
    expect(moveEnvelope(raw, { queue: "celery" })).toEqual({ ok: true, value: raw });
  });

  test("is marked in both places when it is delivered again", () => {
    const again = redeliverEnvelope(raw);
    if (!again.ok) throw new Error(again.reason);
    const { headers, properties } = JSON.parse(again.value) as Wire;
    expect(headers["redelivered"]).toBe(true);
    expect(properties["delivery_info"]).toEqual({ exchange: "", routing_key: "celery", redelivered: true });
    expect(again.value).toContain("18446744073709551615");
  });

  test("is left alone when it has no properties", () => {
    expect(moveEnvelope("{}", { queue: "q" })).toMatchObject({ ok: false });
    expect(redeliverEnvelope("nonsense")).toMatchObject({ ok: false });
  });
});
