import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inboxEvents, parseInboxEvent } from "./inbox-event.ts";

const NOW = Date.UTC(2025, 10, 21);
const parse = (json: unknown): unknown => {
  const event = parseInboxEvent(JSON.stringify(json), NOW);
  return event.ok ? event.value : event.reason;
};

describe("an event in the inbox", () => {
  it("is taken with its facts and payload, and without what nobody knows or others may not say", () => {
    expect(
      parse({
        type: "task.succeeded",
        task: "a",
        at: NOW - 5.25,
        worker: "taskiq@one",
        runtimeMs: 1.5,
        run: 7,
        lastRun: 9,
        action: "rerun",
        source: "operator",
        seenAt: 1,
        colour: "red",
        parentId: null,
        payload: { result: "1", resultForm: "value", shoes: 2, cut: { result: { length: 1, hash: "" } } },
      }),
    ).toEqual({
      type: "task.succeeded",
      task: "a",
      at: NOW - 5.25,
      seenAt: NOW,
      source: "inbox",
      worker: "taskiq@one",
      runtimeMs: 1.5,
      payload: { result: "1", resultForm: "value" },
    });
  });

  it("gets our time where it has none that can be believed", () => {
    expect(parse({ type: "worker.online", worker: "w" })).toMatchObject({ at: NOW });
    expect(parse({ type: "worker.online", worker: "w", at: 9e15 })).toMatchObject({ at: NOW });
  });

  it.each([
    [{ type: "task.acted", task: "a" }, 'type "task.acted" is none that the inbox takes'],
    [{ type: "task.known", task: "a" }, 'type "task.known" is none that the inbox takes'],
    [{ type: "log.gap" }, 'type "log.gap" is none that the inbox takes'],
    [{ type: ["task.sent"], task: "a" }, "type object is none that the inbox takes"],
    [{ type: "task.sent" }, "task is undefined"],
    [{ type: "task.sent", task: "" }, 'task is ""'],
    [{ type: "worker.online" }, "worker is missing"],
    [{ type: "task.sent", task: "a", name: 5 }, "name is number"],
    [{ type: "task.sent", task: "a", name: "n".repeat(2_000) }, `name is "${"n".repeat(40)}"`],
    [{ type: "task.sent", task: "a", retries: "1" }, 'retries is "1"'],
    [{ type: "task.sent", task: "a", at: "now" }, "at is not a number"],
    [{ type: "task.sent", task: "a", payload: [] }, "payload is object"],
    [{ type: "task.sent", task: "a", payload: { args: [1] } }, "payload.args is object"],
    [[], "not an object"],
  ])("%j is refused: %s", (json, reason) => {
    expect(parse(json)).toBe(reason);
  });

  it("never throws", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.object().map((json) => JSON.stringify({ type: "task.sent", task: "a", ...json })),
        ),
        (text) => {
          expect(typeof parseInboxEvent(text, NOW).ok).toBe("boolean");
        },
      ),
    );
  });

  it("that is none is counted, and the first one shown", () => {
    expect(inboxEvents(["{", '{"type":"worker.online","worker":"w"}', "[]"], NOW)).toMatchObject([
      { type: "worker.online" },
      { type: "log.malformed", count: 2, details: '{"where":"inbox","reason":"not JSON","sample":"{"}' },
    ]);
  });
});
