import type { Log, Ordinal, Sample } from "../log/log.ts";
import type { Event } from "../model/event.ts";

/** A log that is a list: for tests of what reads a log, not of logs. It has always been followed to its end. */
export function listLog(epoch = "epoch"): Log {
  const events: Event[] = [];
  const samples: Sample[] = [];
  const unused = () => {
    throw new Error("a list log has no such thing");
  };
  return {
    store: { kind: "memory", note: null },
    defaultMaxBytes: Infinity,
    extent: async () => ({ epoch, first: 1, next: events.length + 1, oldestAt: events[0]?.seenAt ?? null, bytes: 0 }),
    lead: async () => true,
    resign: async () => undefined,
    append: async (more) => events.push(...more) - more.length + 1,
    seal: async () => undefined,
    follow: unused,
    read: async (ordinals) =>
      new Map(
        ordinals.flatMap((ordinal): [Ordinal, Event][] => {
          const event = events[ordinal - 1];
          return event === undefined ? [] : [[ordinal, event]];
        }),
      ),
    scan: unused,
    trimmable: async () => 1,
    trim: async () => 1,
    inbox: unused,
    appendSample: async (sample) => void samples.push(sample),
    samples: async (fromAt) => samples.filter(({ at }) => at >= fromAt),
    close: async () => undefined,
  };
}
