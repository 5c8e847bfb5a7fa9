import { type Decoded, decoded, undecodable } from "../decoded.ts";
import { get } from "../python/value.ts";
import { type ResultTuple, readResultTuple } from "./result-tuple.ts";
import { type StoredLimits, decodeStored } from "./stored.ts";

/**
 * A saved group, `celery-taskset-meta-<group id>`: by `GroupResult.save()`, and by clients for a chord whose header holds
 * a group. `members` is always a list here.
 */
export function decodeSavedGroup(bytes: Uint8Array, limits?: StoredLimits): Decoded<ResultTuple & { members: ResultTuple[] }> {
  const stored = decodeStored(bytes, limits);
  if (!stored.ok) return stored;
  const group = readResultTuple(get(stored.value, "result") ?? null);
  if (group === null || group.members === null) return undecodable("a saved group is not {result: [[id, parent], members]}");
  return decoded({ ...group, members: group.members });
}
