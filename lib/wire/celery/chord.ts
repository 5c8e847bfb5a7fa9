import { type Decoded, decoded, undecodable } from "../decoded.ts";
import type { Value } from "../python/value.ts";
import { type StoredException, readStoredException } from "./result.ts";
import { type StoredLimits, decodeStored } from "./stored.ts";
import { listOf, textOf } from "./value-fields.ts";

/** A finished part of a chord: a member of the key `.j`, whose score is the part's `group_index` (infinite when it has none). */
export type ChordPart = {
  taskId: string;
  state: string;
  result: Value;
  /** Of a part that failed or was revoked: the chord then fails. */
  exception: StoredException | null;
};

export function decodeChordPart(member: Uint8Array, limits?: StoredLimits): Decoded<ChordPart> {
  const stored = decodeStored(member, limits);
  if (!stored.ok) return stored;
  const [, id, status, result = null] = listOf(stored.value) ?? [];
  const taskId = textOf(id);
  const state = textOf(status);
  if (taskId === null || state === null) return undecodable("a chord's part is not [1, task id, state, result]");
  const failed = state === "FAILURE" || state === "REVOKED";
  return decoded({ taskId, state, result, exception: failed ? readStoredException(result) : null });
}

/** The number in `.s` (parts expected) or `.t` (parts added later). */
export function decodeChordCount(text: string): Decoded<number> {
  return /^\d{1,15}$/.test(text) ? decoded(Number(text)) : undecodable("a chord's count is no number");
}

export type CountedPart = { taskId: string; groupIndex: number | null };

/** A member of `.d` (Celery 5.7): `<task id>:<group_index or +inf>`. */
export function decodeCountedPart(member: string): Decoded<CountedPart> {
  const at = member.lastIndexOf(":");
  const index = member.slice(at + 1);
  if (at <= 0 || !/^(\d{1,15}|\+inf)$/.test(index)) return undecodable("a counted part is not <task id>:<group_index>");
  return decoded({ taskId: member.slice(0, at), groupIndex: index === "+inf" ? null : Number(index) });
}

/** The value of `.c` (Celery 5.7): some worker has claimed to send the body, or the body is sent. */
export function readChordClaim(value: string): "claimed" | "done" {
  return value === "done" ? "done" : "claimed";
}
