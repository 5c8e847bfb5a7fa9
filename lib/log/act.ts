import type { Event, LogEvent, TaskEvent } from "../model/event.ts";
import { withCutPayload } from "./cut.ts";
import { encodeSegment, readWhole } from "./segment.ts";

/** What an operator did, on its way from the replica that was asked to the one that leads: a segment of one event. */
export function encodeAct(act: TaskEvent): Buffer {
  return encodeSegment({ epoch: "", first: 0 }, [withCutPayload(act)], "raw");
}

/** The events of such acts, heard at `now`. One that cannot be read becomes an event that says so. */
export function decodeActs(acts: readonly Buffer[], now: number): Event[] {
  return acts.flatMap((bytes) => {
    const whole = readWhole(bytes);
    return whole.ok ? whole.value.events.map(({ event }) => ({ ...event, seenAt: now })) : [unreadable(whole.reason, now)];
  });
}

function unreadable(reason: string, now: number): LogEvent {
  return {
    type: "log.malformed",
    at: now,
    seenAt: now,
    source: "operator",
    count: 1,
    details: JSON.stringify({ where: "acts", reason }),
  };
}
