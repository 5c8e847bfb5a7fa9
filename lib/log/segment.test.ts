import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Event, TaskEvent } from "../model/event.ts";
import { arbitraryEvent } from "../testing/arbitrary-event.ts";
import { encodeSegment, type Form, HEAD_BYTES, readFacts, readHead, readWhole } from "./segment.ts";

const POSITION = { epoch: "k3x9", first: 1001 };
const FORMS: Form[] = ["raw", "packed"];

function withoutPayload(event: Event): Event {
  const { payload: _, ...facts } = event;
  return facts as Event;
}

function succeeded(i: number): TaskEvent {
  return {
    type: "task.succeeded",
    task: `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`,
    at: 1_763_722_034_123.456 + i,
    seenAt: 1_763_722_034_130 + i,
    source: "event",
    worker: "celery@one",
    payload: { result: `'result ${i}'`, resultForm: "repr" },
  };
}

describe("a segment", () => {
  it.each(FORMS)("gives back every event as it was (%s)", (form) => {
    fc.assert(
      fc.property(fc.array(arbitraryEvent, { maxLength: 20 }), (events) => {
        const bytes = encodeSegment(POSITION, events, form);
        const whole = readWhole(bytes);
        expect(whole.ok && whole.value.events.map(({ event }) => event)).toEqual(events);
        const facts = readFacts(bytes);
        expect(facts.ok && facts.value.events).toEqual(events.map(withoutPayload));
      }),
    );
  });

  it("keeps the microseconds of times and the exact value of any other number", () => {
    const event: TaskEvent = {
      ...succeeded(1),
      runtimeMs: 0.1 + 0.2,
      etaAt: -0,
      clock: 2 ** 60,
      pid: 5e-324,
      sentAt: 1_763_722_034_123.455,
    };
    const read = readFacts(encodeSegment(POSITION, [event], "packed"));
    expect(read.ok && read.value.events[0]).toEqual(withoutPayload(event));
  });

  it("tells its head from its first bytes", () => {
    const events = Array.from({ length: 300 }, (_, i) => succeeded(i));
    const bytes = encodeSegment({ epoch: "e".repeat(24), first: 2 ** 52 }, events, "packed");
    const head = readHead(bytes.subarray(0, HEAD_BYTES));
    expect(head).toMatchObject({
      ok: true,
      value: {
        epoch: "e".repeat(24),
        first: 2 ** 52,
        count: 300,
        tasks: 300,
        firstSeenAt: events[0]?.seenAt,
        lastSeenAt: events[299]?.seenAt,
      },
    });
  });

  it.each(FORMS)("reads chosen events, whatever has become of the payload blocks of others (%s)", (form) => {
    const events = Array.from({ length: 1000 }, (_, i) => succeeded(i));
    const bytes = encodeSegment(POSITION, events, form);
    const chosen = readWhole(bytes, [0, 127, 128, 999]);
    expect(chosen.ok && chosen.value.events).toEqual([0, 127, 128, 999].map((place) => ({ place, event: events[place] })));

    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    expect(readWhole(bytes, [500])).toMatchObject({ ok: true });
    expect(readFacts(bytes)).toMatchObject({ ok: true });
    expect(readWhole(bytes, [999])).toMatchObject({ ok: false, problem: "corrupt" });
  });

  it("says that a newer version wrote it", () => {
    const bytes = encodeSegment(POSITION, [succeeded(1)], "packed");
    bytes[0] = 2;
    for (const read of [readHead, readFacts, readWhole]) expect(read(bytes)).toMatchObject({ ok: false, problem: "newer" });
  });

  it.each(FORMS)("says that it is damaged instead of failing or telling something else (%s)", (form) => {
    const bytes = encodeSegment(
      POSITION,
      Array.from({ length: 200 }, (_, i) => succeeded(i)),
      form,
    );
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (place, change) => {
        const damaged = Buffer.from(bytes);
        damaged[place] = (damaged[place] ?? 0) ^ change;
        expect(readWhole(damaged).ok).toBe(false);
      }),
    );
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (length) => {
        expect(readWhole(bytes.subarray(0, length)).ok).toBe(false);
      }),
    );
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (noise, plausible) => {
        const bytes = Buffer.from(noise);
        if (plausible && bytes.length > 0) bytes[0] = 1;
        for (const read of [readHead, readFacts, readWhole]) expect(typeof read(bytes).ok).toBe("boolean");
      }),
    );
  });
});
