import type { Value } from "../python/value.ts";
import { listOf, textOf } from "./value-fields.ts";

/**
 * What stands for a result in `children`, saved groups and the arguments of `celery.chord_unlock`: `[[id, parent], null]`
 * for a task, `[[id, parent], [tuple, …]]` for a group.
 */
export type ResultTuple = {
  id: string;
  parent: ResultTuple | null;
  /** Members of a group; null for a task. */
  members: ResultTuple[] | null;
};

const MAX_DEPTH = 64;

/** Null when the value is no such tuple. Members that are none are left out. */
export function readResultTuple(value: Value, depth = 0): ResultTuple | null {
  const [head, members] = listOf(value) ?? [];
  const [id, parent] = listOf(head) ?? [textOf(head) ?? undefined];
  if (typeof id !== "string" || depth > MAX_DEPTH) return null;
  const list = listOf(members);
  return {
    id,
    parent: readResultTuple(parent ?? null, depth + 1),
    members: list === null ? null : list.map((item) => readResultTuple(item, depth + 1)).filter((item) => item !== null),
  };
}

/** Ids of all tasks in the tuples, those of nested groups included, without the groups' own. */
export function taskIdsOf(tuples: readonly ResultTuple[]): string[] {
  return tuples.flatMap((tuple) => (tuple.members === null ? [tuple.id] : taskIdsOf(tuple.members)));
}

/** The tuple as it goes over the wire. */
export function resultTupleValue({ id, parent, members }: ResultTuple): Value {
  return [[id, parent === null ? null : resultTupleValue(parent)], members === null ? null : members.map(resultTupleValue)];
}
