import type { Event } from "../model/event.ts";
import type { Ordinal } from "./log.ts";
import { readFacts } from "./segment.ts";
import type { Entry, Reads } from "./store.ts";
import { standIns } from "./unreadable.ts";

/** The facts of the events from an ordinal up to before another, as far as they are there without a break. */
export async function factsBetween(reads: Reads, from: Ordinal, to: Ordinal): Promise<Event[]> {
  // The tail before the segments: what is sealed in between is found twice rather than not at all.
  const batches = await reads.tail();
  const events: Event[] = [];
  while (from + events.length < to) {
    const wanted = from + events.length;
    const entry = batches.find((batch) => holds(batch, wanted) && batch.bytes !== null) ?? (await reads.segmentAt(wanted));
    if (entry === undefined || entry.bytes === null || !holds(entry, wanted)) break;
    events.push(...factsOf({ ...entry, bytes: entry.bytes }).slice(wanted - entry.first, to - entry.first));
  }
  return events;
}

/** Stand-ins for what is damaged; throws `unavailable` for what a newer version wrote. */
export function factsOf(entry: Entry): Event[] {
  const facts = readFacts(entry.bytes);
  return facts.ok ? facts.value.events : standIns(facts, entry);
}

export function holds({ first, count }: { first: Ordinal; count: number }, ordinal: Ordinal): boolean {
  return first <= ordinal && ordinal < first + count;
}
