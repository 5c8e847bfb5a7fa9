import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogEvent, TaskEvent } from "../model/event.ts";
import { arbitraryEvent } from "../testing/arbitrary-event.ts";
import { identitiesOf, identityOf, RecentIdentities } from "./identity.ts";

const started: TaskEvent = {
  type: "task.started",
  task: "a",
  at: 1_763_722_034_123.456,
  seenAt: 1_763_722_034_125,
  source: "event",
  worker: "celery@one",
  pid: 7,
  clock: 100,
};

describe("identityOf", () => {
  it("is the same for two who heard one event at different times, also when its own time cannot be believed", () => {
    expect(identityOf({ ...started, seenAt: started.seenAt + 3, run: 64 })).toBe(identityOf(started));
    const one = { ...started, at: 1_763_722_034_200, seenAt: 1_763_722_034_200 };
    expect(identityOf({ ...one, at: one.at + 5, seenAt: one.seenAt + 5 })).toBe(identityOf(one));
  });

  it.each<Partial<TaskEvent>>([
    { task: "b" },
    { at: started.at + 0.001 },
    { clock: 101 },
    { pid: 8 },
    { worker: "celery@two" },
    { type: "task.succeeded" },
    { source: "result" },
    { state: "PROGRESS" },
  ])("differs with %o", (change) => {
    expect(identityOf({ ...started, ...change })).not.toBe(identityOf(started));
  });

  it("differs with what could not be read, when several such things are told at one moment", () => {
    const told = (where: string): LogEvent => {
      const details = JSON.stringify({ where, reason: "not JSON" });
      return { type: "log.malformed", at: started.at, seenAt: started.at, source: "leader", count: 1, details };
    };
    expect(identityOf(told("queue mail"))).not.toBe(identityOf(told("events")));
    expect(identityOf(told("events"))).toBe(identityOf(told("events")));
  });

  it("fits 64 bits for any event", () => {
    fc.assert(
      fc.property(arbitraryEvent, (event) => {
        const identity = identityOf(event);
        expect(identity).toBe(BigInt.asUintN(64, identity));
      }),
    );
  });

  it("does not collide over neighbouring events", () => {
    const identities = new Set(
      Array.from({ length: 50_000 }, (_, i) =>
        identityOf({ ...started, task: `t${i % 500}`, clock: i, at: started.at + Math.floor(i / 10) }),
      ),
    );
    expect(identities.size).toBe(50_000);
  });
});

describe("identitiesOf", () => {
  it.each([
    ["believed, and heard within its very millisecond by one of them", 0],
    ["not believed, and replaced by when each heard it", 5],
  ])("is shared by two who heard one event whose time is %s", (_, shift) => {
    const one = { ...started, at: 1_763_722_034_200, seenAt: 1_763_722_034_200 };
    const other = { ...one, at: one.at + shift, seenAt: one.seenAt + 5 };
    const known = new Set(identitiesOf(one));
    expect(identitiesOf(other).some((identity) => known.has(identity))).toBe(true);
    expect(identitiesOf({ ...other, clock: 101 }).some((identity) => known.has(identity))).toBe(false);
  });
});

describe("RecentIdentities", () => {
  it("knows the newest so many, and forgets the oldest first", () => {
    const recent = new RecentIdentities(3);
    expect([1n, 2n, 2n, 3n, 4n].map((identity) => recent.add(identity))).toEqual([true, true, false, true, true]);
    expect([1n, 2n, 3n, 4n].map((identity) => recent.has(identity))).toEqual([false, true, true, true]);
  });
});
