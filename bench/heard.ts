import { fromEvent } from "../lib/brokers/celery/from-event.ts";
import { Runs } from "../lib/brokers/celery/runs.ts";
import type { Event } from "../lib/model/event.ts";
import { Heartbeats } from "../lib/monitor/heartbeats.ts";
import { decodeEvents } from "../lib/wire/celery/event.ts";
import { type Ledger, traffic, type TrafficOptions } from "./traffic.ts";

/** The events that Perennial stores when it hears this traffic at the time at which it is published, one message at a time. */
export function* heard(options: TrafficOptions, ledger: Ledger): Generator<Event[]> {
  const runs = new Runs({ task: () => undefined });
  const heartbeats = new Heartbeats(options.startAt, () => true);
  for (const { message, at } of traffic(options, ledger)) {
    const batch = decodeEvents(message);
    if (!batch.ok) throw new Error(batch.reason);
    const events = batch.value.events.map((event) => fromEvent(event, at, runs)).filter((event) => event !== undefined);
    yield heartbeats.filter(events);
  }
}

/** The same events joined to slices of at least `size`, as they are appended to a log. */
export function* slices(options: TrafficOptions, ledger: Ledger, size: number): Generator<Event[]> {
  let slice: Event[] = [];
  for (const events of heard(options, ledger)) {
    slice.push(...events);
    if (slice.length < size) continue;
    yield slice;
    slice = [];
  }
  if (slice.length > 0) yield slice;
}
