import { AppError } from "../errors.ts";
import type { LogEvent } from "../model/event.ts";
import type { Ordinal } from "./log.ts";
import type { Unreadable } from "./segment.ts";

/**
 * Events in place of those that cannot be read, so that every other one keeps its ordinal and the loss shows. Throws
 * `unavailable` where only this version cannot read them: a newer one leads, and this replica stays behind until it is replaced.
 */
export function standIns({ problem, reason }: Unreadable, place: { first: Ordinal; count: number }): LogEvent[] {
  const where = `log, events ${place.first} to ${place.first + place.count - 1}`;
  if (problem === "newer") throw new AppError("unavailable", `A newer version of Perennial writes this log: ${reason}`);
  const at = Date.now();
  const event: LogEvent = { type: "log.malformed", at, seenAt: at, source: "leader", count: 1, details: JSON.stringify({ where, reason }) };
  return Array.from({ length: place.count }, () => event);
}
