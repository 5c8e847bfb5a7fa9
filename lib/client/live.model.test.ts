import { describe, expect, it } from "vitest";
import type { LiveMessage } from "../contract/series.ts";
import { due, EVERYTHING, note, NOTHING } from "./live.model.ts";

const tick = (over: Partial<LiveMessage> = {}): LiveMessage => ({
  type: "tick",
  at: 1,
  ordinal: 1,
  tasks: [],
  queues: false,
  workers: false,
  ...over,
});

describe("what a live message makes stale", () => {
  it("is only what changed", () => {
    expect([...note(NOTHING, tick({ queues: true })).dirty]).toEqual(["overview", "queues"]);
    expect([...note(NOTHING, tick({ tasks: ["a"] })).dirty]).toEqual(["overview", "tasks", "task", "series"]);
  });

  it("gathers the tasks until there are too many to say", () => {
    const two = note(note(NOTHING, tick({ tasks: ["a"] })), tick({ tasks: ["b"] }));
    expect([...(two.tasks ?? [])]).toEqual(["a", "b"]);
    expect(note(two, tick({ tasks: null })).tasks).toBeNull();
    expect(note(note(two, tick({ tasks: null })), tick({ tasks: ["c"] })).tasks).toBeNull();
  });

  it("is everything when the stream fell behind", () => {
    expect(note(NOTHING, tick({ type: "resync" }))).toBe(EVERYTHING);
  });
});

describe("how often answers are refreshed", () => {
  it("is at most once a second, series less often", () => {
    const pending = note(NOTHING, tick({ tasks: ["a"] }));
    expect(due(pending, {}, 10_000)).toEqual({ now: ["overview", "tasks", "task", "series"], nextInMs: null });
    expect(due(pending, { overview: 8_400, tasks: 9_000, task: 9_900, series: 9_000 }, 10_000)).toEqual({ now: ["tasks"], nextInMs: 400 });
  });
});
