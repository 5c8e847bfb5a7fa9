import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { errorCode } from "../errors.ts";
import type { Event, TaskEvent } from "../model/event.ts";
import type { Batch, Log, Ordinal, Sample } from "./log.ts";

const LEASE_MS = 30_000;
const NO_LIMITS = { maxAgeMs: Infinity, maxBytes: Infinity, maxTasks: Infinity };

/** An event like many others; `i` makes its task, `change` what is special. */
export function someEvent(i: number, change: Partial<TaskEvent> = {}): TaskEvent {
  const now = Date.now();
  return {
    type: "task.succeeded",
    task: `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`,
    at: now - 1,
    seenAt: now,
    source: "event",
    worker: "celery@one",
    clock: i,
    payload: { result: `'result ${i}'`, resultForm: "repr" },
    ...change,
  };
}

export function someEvents(count: number, from = 0): TaskEvent[] {
  return Array.from({ length: count }, (_, i) => someEvent(from + i));
}

export function factsOf(event: Event): Event {
  const { payload: _, ...facts } = event;
  return facts;
}

/** What a reader gets from an ordinal on until it has so many events. */
export async function follow(log: Log, from: Ordinal, count: number): Promise<Batch[]> {
  const batches: Batch[] = [];
  const stop = new AbortController();
  let left = count;
  for await (const batch of log.follow(from, stop.signal)) {
    batches.push(batch);
    left -= batch.events.length;
    if (left <= 0) break;
  }
  stop.abort();
  return batches;
}

export async function followedEvents(log: Log, from: Ordinal, count: number): Promise<Event[]> {
  return (await follow(log, from, count)).flatMap(({ events }) => events);
}

export async function codeOf(failing: Promise<unknown>): Promise<string | undefined> {
  return failing.then(
    () => undefined,
    (error: unknown) => errorCode(error) ?? String(error),
  );
}

/** What every log does, whatever keeps it. `fresh` gives a function that opens one more replica of the same new log. */
export function logConformance(fresh: () => Promise<() => Promise<Log>>): void {
  let open: () => Promise<Log>;
  let opened: Log[] = [];
  const replica = async (): Promise<Log> => {
    const log = await open();
    opened.push(log);
    return log;
  };
  const leader = async (): Promise<Log> => {
    const log = await replica();
    expect(await log.lead(LEASE_MS)).toBe(true);
    return log;
  };
  beforeEach(async () => {
    open = await fresh();
  });
  afterEach(async () => {
    await Promise.all(opened.map(async (log) => log.close()));
    opened = [];
  });

  describe("appending", () => {
    it("numbers events from 1 on", async () => {
      const log = await leader();
      expect(await log.extent()).toMatchObject({ first: 1, next: 1, oldestAt: null, bytes: 0 });
      const events = someEvents(5);
      expect(await log.append(events.slice(0, 2))).toBe(1);
      expect(await log.append(events.slice(2))).toBe(3);
      const { epoch, ...extent } = await log.extent();
      expect(epoch).not.toBe("");
      expect(extent).toMatchObject({ first: 1, next: 6, oldestAt: events[0]?.seenAt });
      expect(extent.bytes).toBeGreaterThan(0);
    });

    it("keeps calls made at once apart", async () => {
      const log = await leader();
      const calls = [3, 1, 700, 2, 900].map((count, i) => someEvents(count, i * 1000));
      expect(await Promise.all(calls.map(async (events) => log.append(events)))).toEqual([1, 4, 5, 705, 707]);
      expect(await followedEvents(log, 1, 1606)).toEqual(calls.flat().map(factsOf));
    });

    it("seals a full tail into segments, which changes nothing for readers", async () => {
      const log = await leader();
      const events = someEvents(2345);
      for (let at = 0; at < events.length; at += 300) await log.append(events.slice(at, at + 300));
      expect(await log.extent()).toMatchObject({ first: 1, next: 2346 });
      expect(await followedEvents(log, 1, 2345)).toEqual(events.map(factsOf));
      expect(await log.read([1, 999, 1000, 1001, 2345])).toEqual(
        new Map([1, 999, 1000, 1001, 2345].map((ordinal) => [ordinal, events[ordinal - 1]])),
      );
    });

    it("stores a burst in one call, each event once", async () => {
      const log = await leader();
      await log.append(someEvents(10, 90_000));
      const events = someEvents(5_432);
      expect(await log.append(events)).toBe(11);
      expect(await followedEvents(log, 11, events.length)).toEqual(events.map(factsOf));
    });

    it("seals a tail that is a minute old, and whenever it is told to", async () => {
      const log = await leader();
      await log.append([someEvent(1, { seenAt: Date.now() - 61_000 })]);
      await log.append([someEvent(2)]);
      expect(await log.trimmable({ ...NO_LIMITS, maxTasks: 0 }, Date.now())).toBe(3);
      await log.append([someEvent(3)]);
      await log.seal();
      await log.seal();
      expect(await log.trimmable({ ...NO_LIMITS, maxTasks: 0 }, Date.now())).toBe(4);
      expect((await log.read([1, 2, 3])).size).toBe(3);
    });

    it("stores a field of megabytes cut, with the length of the whole", async () => {
      const log = await leader();
      await log.append([someEvent(1, { payload: { result: "é".repeat(3_000_000), args: "()" } })]);
      const payload = (await log.read([1])).get(1)?.payload;
      expect(payload).toMatchObject({ args: "()", cut: { result: { length: 3_000_000 } } });
      expect(payload?.result).toBe("é".repeat(65_536));
    });
  });

  describe("the lease", () => {
    it("lets only its holder write", async () => {
      const [one, two] = [await leader(), await replica()];
      expect(await two.lead(LEASE_MS)).toBe(false);
      expect(await one.lead(LEASE_MS)).toBe(true);
      expect(await codeOf(two.append(someEvents(1)))).toBe("fenced");
      expect(await codeOf(two.seal())).toBe(undefined);
      expect(await codeOf(two.trim(1))).toBe("fenced");
      expect(await codeOf(two.appendSample({ at: 1, queues: [] }))).toBe("fenced");
      expect(await one.append(someEvents(1))).toBe(1);
    });

    it("can be handed over: the next leader goes on where the former ended, and seals what it left", async () => {
      const [one, two] = [await leader(), await replica()];
      const events = someEvents(1_200);
      await one.append(events.slice(0, 600));
      await one.resign();
      expect(await two.lead(LEASE_MS)).toBe(true);
      expect(await codeOf(one.append(someEvents(1, 5_000)))).toBe("fenced");
      expect(await two.append(events.slice(600))).toBe(601);
      expect(await followedEvents(one, 1, 1_200)).toEqual(events.map(factsOf));
      await two.seal();
      expect(await one.extent()).toMatchObject({ first: 1, next: 1_201 });
    });

    it("ends by itself", async () => {
      const [one, two] = [await replica(), await replica()];
      expect(await one.lead(50)).toBe(true);
      await expect.poll(async () => two.lead(LEASE_MS), { interval: 10 }).toBe(true);
      expect(await codeOf(one.append(someEvents(1)))).toBe("fenced");
    });
  });

  describe("following", () => {
    it("gives what is there, then what comes, without payloads", async () => {
      const log = await leader();
      const events = someEvents(30);
      await log.append(events.slice(0, 10));
      const stop = new AbortController();
      const seen: Event[] = [];
      for await (const batch of log.follow(1, stop.signal)) {
        expect(batch.first).toBe(seen.length + 1);
        expect(batch.epoch).toBe((await log.extent()).epoch);
        seen.push(...batch.events);
        if (seen.length < 30) await log.append(events.slice(seen.length, seen.length + 10));
        else stop.abort();
      }
      expect(seen).toEqual(events.map(factsOf));
    });

    it("waits for a log that is empty, and hears of an event soon", { retry: 2 }, async () => {
      const [one, two] = [await leader(), await replica()];
      const following = follow(two, 1, 1);
      const begunAt = performance.now();
      await one.append(someEvents(1));
      expect((await following).map(({ first }) => first)).toEqual([1]);
      expect(performance.now() - begunAt).toBeLessThan(900);
    });

    it.each([5, 11, 990, 1_001, 1_500])("begins at %i, in the middle of whatever it is in", async (from) => {
      const log = await leader();
      const events = someEvents(1_600);
      for (let at = 0; at < events.length; at += 80) await log.append(events.slice(at, at + 80));
      const [first, ...rest] = await follow(log, from, 1_601 - from);
      expect(first?.first).toBe(from);
      expect([first, ...rest].flatMap((batch) => batch?.events ?? [])).toEqual(events.slice(from - 1).map(factsOf));
    });

    it("misses nothing when the tail is sealed under a slow reader", async () => {
      const log = await leader();
      const events = someEvents(4_000);
      let appended = 0;
      const appendSome = async (): Promise<void> => {
        const end = appended + 850;
        for (; appended < end; appended += 170) await log.append(events.slice(appended, appended + 170));
      };
      await appendSome();
      const seen: Event[] = [];
      for await (const batch of log.follow(1, new AbortController().signal)) {
        seen.push(...batch.events);
        if (seen.length === events.length) break;
        await appendSome();
      }
      expect(seen).toEqual(events.map(factsOf));
    });

    it("starts over at the oldest event when it is ahead of the log", async () => {
      const log = await leader();
      await log.append(someEvents(20));
      expect((await follow(log, 500, 20))[0]?.first).toBe(1);
    });

    it("ends soon after the signal, also while it waits", { retry: 2 }, async () => {
      const log = await leader();
      const stop = new AbortController();
      const ended = (async () => {
        for await (const _ of log.follow(1, stop.signal)) stop.abort();
      })();
      await log.append(someEvents(1));
      const begunAt = performance.now();
      await ended;
      const waiting = (async () => {
        for await (const _ of log.follow(2, AbortSignal.timeout(50)));
      })();
      await waiting;
      expect(performance.now() - begunAt).toBeLessThan(900);
    });
  });

  it("ends what reads it when it is closed", async () => {
    const log = await leader();
    const following = follow(log, 1, 1);
    const draining = (async () => {
      for await (const _ of log.inbox(new AbortController().signal));
    })();
    await log.close();
    expect(await following).toEqual([]);
    await draining;
  });

  describe("reading", () => {
    it("leaves out ordinals that are not there", async () => {
      const log = await leader();
      await log.append(someEvents(3));
      expect([...(await log.read([0, 2, 4, 9_999])).keys()]).toEqual([2]);
    });

    it("scans whole events, newest first, over segments and tail", async () => {
      const log = await leader();
      const events = someEvents(2_500);
      for (let at = 0; at < events.length; at += 250) await log.append(events.slice(at, at + 250));
      await log.append(someEvents(7, 5_000));
      const seen: Ordinal[] = [];
      for await (const block of log.scan(900, 2_505, new AbortController().signal)) {
        for (const { ordinal, event } of block) {
          seen.push(ordinal);
          if (ordinal <= 2_500) expect(event).toEqual(events[ordinal - 1]);
        }
      }
      expect(seen).toEqual(Array.from({ length: 1_606 }, (_, i) => 2_505 - i));
    });

    it("stops scanning when told to", async () => {
      const log = await leader();
      await log.append(someEvents(3_000));
      const stop = new AbortController();
      let blocks = 0;
      for await (const _ of log.scan(1, 3_000, stop.signal)) {
        blocks++;
        stop.abort();
      }
      expect(blocks).toBe(1);
    });
  });

  describe("trimming", () => {
    const old = (count: number, from: number, ageMs: number): TaskEvent[] =>
      someEvents(count, from).map((event) => ({ ...event, seenAt: Date.now() - ageMs }));

    it("drops whole segments by age", async () => {
      const log = await leader();
      await log.append(old(1_000, 0, 3_600_000));
      await log.append(old(1_000, 1_000, 1_800_000));
      await log.append(someEvents(10, 2_000));
      const limits = { ...NO_LIMITS, maxAgeMs: 2_000_000 };
      expect(await log.trimmable(NO_LIMITS, Date.now())).toBe(1);
      expect(await log.trimmable(limits, Date.now())).toBe(1_001);
      expect(await log.trim(1_001)).toBe(1_001);
      expect(await log.extent()).toMatchObject({ first: 1_001, next: 2_011 });
      expect(await log.trimmable(limits, Date.now())).toBe(1_001);
      expect([...(await log.read([1_000, 1_001])).keys()]).toEqual([1_001]);
      expect((await follow(log, 1, 1_010))[0]?.first).toBe(1_001);
    });

    it("drops the oldest segments beyond so many bytes or tasks", async () => {
      const log = await leader();
      await log.append(someEvents(4_000));
      const { bytes } = await log.extent();
      expect(await log.trimmable({ ...NO_LIMITS, maxBytes: bytes * 0.6 }, Date.now())).toBe(2_001);
      expect(await log.trimmable({ ...NO_LIMITS, maxTasks: 3_200 }, Date.now())).toBe(1_001);
      expect(await log.trim(2_001)).toBe(2_001);
      expect((await log.extent()).bytes).toBeLessThan(bytes * 0.6);
    });

    it("keeps a segment that holds the ordinal in its middle", async () => {
      const log = await leader();
      await log.append(someEvents(2_000));
      expect(await log.trim(1_500)).toBe(1_001);
      expect(await log.append(someEvents(1, 2_000))).toBe(2_001);
    });

    it("can drop everything, and goes on counting in the same epoch", async () => {
      const [one, two] = [await leader(), await replica()];
      await one.append(someEvents(1_000));
      const { epoch } = await one.extent();
      expect(await one.trim(1_001)).toBe(1_001);
      await one.resign();
      await two.lead(LEASE_MS);
      expect(await two.append(someEvents(1, 1_000))).toBe(1_001);
      expect(await two.extent()).toMatchObject({ epoch, first: 1_001, next: 1_002 });
    });
  });

  describe("samples", () => {
    const sample = (at: number): Sample => ({ at, queues: [{ name: "celery", byPriority: [{ priority: 0, depth: at % 97 }] }] });

    it("gives back those from a time on, also to another replica", async () => {
      const [one, two] = [await leader(), await replica()];
      const now = Date.now();
      const samples = Array.from({ length: 200 }, (_, i) => sample(now + i * 2_000));
      for (const one_ of samples) await one.appendSample(one_);
      expect(await two.samples(0)).toEqual(samples);
      expect(await two.samples(now + 199_000)).toEqual(samples.slice(100));
    });
  });

  it("yields nothing from an empty inbox, and ends with the signal", async () => {
    const log = await leader();
    for await (const events of log.inbox(AbortSignal.timeout(20))) expect(events).toEqual([]);
  });

  describe("acts", () => {
    const act = (task: string): TaskEvent => {
      const at = Date.now() - 1_000;
      return {
        type: "task.acted",
        task,
        at,
        seenAt: at,
        source: "operator",
        action: "revoke",
        actor: "Ada",
        payload: { data: `"${task}"` },
      };
    };
    const tasksOf = (events: readonly Event[]): unknown[] => events.map((event) => ("task" in event ? event.task : event.type));

    it("reach whoever leads whole, in order, as heard then", async () => {
      const [one, two] = [await leader(), await replica()];
      const begunAt = Date.now();
      await two.submit(act("a"));
      await one.submit(act("b"));
      const submitted: Event[] = [];
      for await (const events of one.submitted(new AbortController().signal)) {
        submitted.push(...events);
        if (submitted.length === 2) void two.submit(act("c"));
        if (submitted.length === 3) break;
      }
      expect(tasksOf(submitted)).toEqual(["a", "b", "c"]);
      const [first] = submitted;
      expect(first).toEqual({ ...act("a"), at: first?.at, seenAt: first?.seenAt });
      expect(first?.seenAt).toBeGreaterThanOrEqual(begunAt);
    });

    it("that a leader took and did not live to store come to the next one", async () => {
      const [one, two] = [await replica(), await replica()];
      await two.submit(act("a"));
      for await (const events of one.submitted(new AbortController().signal)) {
        expect(tasksOf(events)).toEqual(["a"]);
        break;
      }
      await two.submit(act("b"));
      const again: Event[] = [];
      for await (const events of two.submitted(new AbortController().signal)) {
        again.push(...events);
        if (again.length >= 2) break;
      }
      expect(tasksOf(again)).toEqual(["a", "b"]);
    });
  });
}
