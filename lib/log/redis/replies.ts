import type { Ordinal } from "../log.ts";

// Replies as they come with `callBuffer` over RESP2: numbers, Buffers, null, and arrays of them.

export interface StreamEntry {
  id: string;
  fields: Map<string, Buffer>;
}

/** Of XRANGE, XREVRANGE, and one stream of XREAD. */
export function streamEntries(reply: unknown): StreamEntry[] {
  // An entry that was deleted while it was pending has no fields.
  return list(reply).map((entry) => {
    const [id, fields] = list(entry);
    const flat = fields === null ? [] : list(fields);
    const map = new Map<string, Buffer>();
    for (let i = 0; i + 1 < flat.length; i += 2) map.set(text(flat[i]), bytes(flat[i + 1]));
    return { id: text(id), fields: map };
  });
}

/** Of XREAD and XREADGROUP over one stream; null means that nothing came. */
export function readEntries(reply: unknown): StreamEntry[] {
  if (reply === null) return [];
  const [stream] = list(reply);
  return stream === undefined ? [] : streamEntries(list(stream)[1]);
}

/** Ids of tail and log are `<first ordinal>-<count>`. */
export function placeOf(id: string): { first: Ordinal; count: number } {
  const dash = id.indexOf("-");
  return { first: Number(id.slice(0, dash)), count: Number(id.slice(dash + 1)) };
}

export function list(reply: unknown): unknown[] {
  if (Array.isArray(reply)) return reply;
  throw unexpected(reply);
}

export function text(reply: unknown): string {
  if (typeof reply === "string") return reply;
  return bytes(reply).toString();
}

export function bytes(reply: unknown): Buffer {
  if (Buffer.isBuffer(reply)) return reply;
  throw unexpected(reply);
}

export function number(reply: unknown): number {
  if (typeof reply === "number") return reply;
  const value = Number(text(reply));
  if (Number.isNaN(value)) throw unexpected(reply);
  return value;
}

function unexpected(reply: unknown): TypeError {
  return new TypeError(`Redis answered with ${reply === null ? "null" : typeof reply} where something else was due`);
}
