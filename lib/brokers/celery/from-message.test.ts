import { describe, expect, test } from "vitest";
import { FLAG_REDELIVERED, FLAG_SCHEDULED_BY_BEAT, type TaskEvent } from "../../model/event.ts";
import { type RecordedKey, type Release, RELEASES, findIn, kinds, recorded, textOf } from "../../wire/celery/fixtures/recorded.ts";
import { decodeTaskMessage } from "../../wire/celery/task-message.ts";
import { fromMessage, problemsOf } from "./from-message.ts";

const AT = Date.UTC(2026, 10, 22);

function told(raw: string, queue?: string): TaskEvent | undefined {
  const message = decodeTaskMessage(raw);
  if (!message.ok) throw new Error(message.reason);
  return fromMessage(message.value, { place: "queue", queue, run: 0, at: AT, seenAt: AT });
}

const messagesOf = (release: Release, kind: string) => findIn(recorded(release, kind)).messages.map(({ raw }) => raw);

describe.each(RELEASES)("a message of Celery %s", (release) => {
  test("tells all that its task is known by", () => {
    const [raw = ""] = messagesOf(release, "queue-plain");
    expect(told(raw, "celery")).toMatchObject({
      type: "task.waiting",
      source: "queue",
      name: "tasks.add",
      queue: "celery",
      rootId: expect.any(String),
      priority: 0,
      retries: 0,
      actor: expect.stringMatching(/^gen\d+@/),
      payload: { raw, args: "(2, 3)", kwargs: "{}", argsForm: "repr" },
    });
    expect(told(raw)).toMatchObject({ queue: "celery" });
  });

  test("tells when it is due and when it expires", () => {
    expect(messagesOf(release, "queue-eta").map((raw) => told(raw)?.etaAt)).toEqual(expect.arrayContaining([expect.any(Number)]));
    const options = messagesOf(release, "queue-options").map((raw) => told(raw));
    expect(options.some((event) => event?.expiresAt !== undefined)).toBe(true);
  });

  test("tells its group, and of which task it is a part", () => {
    for (const raw of messagesOf(release, "queue-group")) expect(told(raw)).toMatchObject({ groupId: expect.any(String) });
  });

  test("is understood, whatever was recorded", () => {
    const all = kinds(release)
      .filter((kind) => kind.startsWith("queue-"))
      .flatMap((kind) => messagesOf(release, kind));
    const named = all.map((raw) => told(raw)).filter((event) => event?.name !== undefined);
    expect(named.length).toBe(all.length);
  });
});

test("one that was delivered before says so, and one that beat sent", () => {
  const lists = recorded<{ after: RecordedKey[] }>("5.7.0", "unacked-restore").after.filter(({ type }) => type === "list");
  const restored = lists.flatMap(({ value }) => (Array.isArray(value) ? value.map((raw) => told(textOf(raw))?.flags ?? 0) : []));
  expect(restored.length).toBeGreaterThan(0);
  expect(restored.every((flags) => (flags & FLAG_REDELIVERED) !== 0)).toBe(true);
  const beat = messagesOf("5.7.0", "queue-beat").map((raw) => told(raw)?.flags ?? 0);
  expect(beat.every((flags) => (flags & FLAG_SCHEDULED_BY_BEAT) !== 0)).toBe(true);
});

describe("a broken message", () => {
  test.each([
    ["without an id", { headers: { task: "add" } }, /no id/],
    ["without properties", { headers: { task: "add", id: "t" }, properties: undefined }, /no properties/],
    ["with a body of two parts", { body: Buffer.from("[[], {}]").toString("base64") }, /2 parts instead of 3/],
  ])("%s is told to do harm, in words", (_, change, expected) => {
    const message = decodeTaskMessage(JSON.stringify({ ...GOOD, ...change }));
    expect(message.ok && problemsOf(message.value).join(" ")).toMatch(expected);
  });

  test("with an id that is none is no task", () => {
    expect(told(JSON.stringify({ ...GOOD, headers: { task: "add", id: "x".repeat(5_000) } }))).toBeUndefined();
    expect(told(JSON.stringify({ ...GOOD, headers: { task: "add" } }))).toBeUndefined();
  });

  test("keeps what is wrong with it where a person reads", () => {
    const event = told(JSON.stringify({ ...GOOD, headers: { task: "add", id: "t", eta: "tomorrow", retries: -5 } }));
    expect(event).toMatchObject({ retries: 0, payload: { data: expect.stringContaining("eta is no ISO 8601 time") } });
  });
});

const GOOD = {
  body: Buffer.from("[[], {}, {}]").toString("base64"),
  "content-type": "application/json",
  "content-encoding": "utf-8",
  headers: { task: "add", id: "t" },
  properties: { delivery_tag: "d", delivery_info: { exchange: "", routing_key: "celery" }, body_encoding: "base64", priority: 0 },
};
