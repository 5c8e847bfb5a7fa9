import { createHash } from "node:crypto";
import type { Event, Payload } from "../model/event.ts";
import { TEXT_FIELDS } from "./facts.ts";

/** Longest text of one field that the log keeps, in UTF-16 units: one task with a 30 MB result must not push a day of others out. */
export const LONGEST_TEXT = 65_536;
const MOST_CHILDREN = 1_000;

/**
 * The event as it is stored: fields above 64 K units cut, with the length and hash of the whole in `payload.cut`. The same
 * object when nothing was too long. What the source had cut already keeps the length and hash that it came with.
 */
export function withCutPayload(event: Event): Event {
  const { payload } = event;
  if (payload === undefined || !isTooLong(payload)) return event;
  const kept: Payload = { ...payload };
  const cut = { ...payload.cut };
  for (const name of TEXT_FIELDS) {
    const text = payload[name];
    if (text === undefined || text.length <= LONGEST_TEXT) continue;
    kept[name] = beginning(text);
    cut[name] ??= { length: text.length, hash: hashOf(text) };
  }
  if (payload.children !== undefined && payload.children.length > MOST_CHILDREN) {
    kept.children = payload.children.slice(0, MOST_CHILDREN);
    cut["children"] ??= { length: payload.children.length, hash: hashOf(payload.children.join("\n")) };
  }
  return { ...event, payload: { ...kept, cut } };
}

function isTooLong(payload: Payload): boolean {
  return TEXT_FIELDS.some((name) => (payload[name]?.length ?? 0) > LONGEST_TEXT) || (payload.children?.length ?? 0) > MOST_CHILDREN;
}

function beginning(text: string): string {
  const last = text.charCodeAt(LONGEST_TEXT - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, splitsPair ? LONGEST_TEXT - 1 : LONGEST_TEXT);
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
