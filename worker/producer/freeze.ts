import { randomUUID } from "node:crypto";
import type { ResultTuple } from "../../lib/wire/celery/result-tuple.ts";
import type { Value } from "../../lib/wire/python/value.ts";
import { type Signature, addLinks, chordSignature, cloneSignature, signatureValue, signaturesIn } from "./signature.ts";

/** What a signature is given when it is frozen: the place that it has in what it belongs to. */
export interface Place {
  /** For what has no id yet. */
  id?: string | null;
  groupId?: string | null;
  groupIndex?: number | null;
  rootId?: string | null;
  parentId?: string | null;
  /** Body of the chord that it is a part of. */
  chord?: Value | null;
}

/**
 * Gives a signature, and all that it holds, the ids under which their results will be found (Celery 5.7, `Signature.freeze`).
 * Answers what stands for its result: of a chain that of its last step, of a chord that of its body.
 */
export function freeze(signature: Signature, place: Place = {}): ResultTuple {
  switch (signature.kind) {
    case "chain": {
      const steps = prepareSteps(signature.tasks, { ...place, args: signature.args, errbacks: [] });
      signature.tasks = steps.map(({ step }) => step).reverse();
      return steps[0]?.result ?? taskResult(place.id ?? randomUUID());
    }
    case "group":
      return freezeGroup(signature, place);
    case "chord":
      return freezeChord(signature, place);
    default:
      return freezeTask(signature, place);
  }
}

function freezeTask({ options }: Signature, place: Place): ResultTuple {
  const known = options.get("task_id");
  const id = typeof known === "string" ? known : (place.id ?? randomUUID());
  options.set("task_id", id);
  if (place.rootId) options.set("root_id", place.rootId);
  if (place.parentId) options.set("parent_id", place.parentId);
  if (place.groupId && !options.has("group_id")) options.set("group_id", place.groupId);
  if (place.chord) options.set("chord", place.chord);
  if (place.groupIndex != null) options.set("group_index", place.groupIndex);
  return taskResult(id);
}

function taskResult(id: string): ResultTuple {
  return { id, parent: null, members: null };
}

/** The result with another before the first of those that it came after. */
function after<Result extends ResultTuple>(result: Result, first: ResultTuple): Result {
  return { ...result, parent: result.parent === null ? first : after(result.parent, first) };
}

/** Groups in a group become its own members; in Celery those of each come out in reverse order, and the numbers with them. */
export function freezeGroup(group: Signature, place: Place): ResultTuple & { members: ResultTuple[] } {
  const { options } = group;
  const known = options.get("task_id");
  const id = typeof known === "string" ? known : randomUUID();
  options.set("task_id", id);
  if (place.groupId) options.set("group_id", place.groupId);
  if (place.chord) options.set("chord", place.chord);
  if (place.groupIndex != null) options.set("group_index", place.groupIndex);
  if (!options.has("root_id")) options.set("root_id", place.rootId ?? null);
  if (!options.has("parent_id")) options.set("parent_id", place.parentId ?? null);
  const { rootId, parentId } = inherited(options);
  const stack = [...group.tasks];
  const tasks: Signature[] = [];
  const members: ResultTuple[] = [];
  for (let task = stack.shift(); task !== undefined; task = stack.shift()) {
    if (task.kind === "group") {
      stack.unshift(...task.tasks.toReversed());
    } else if (task.kind !== "chain" || task.tasks.length > 0) {
      members.push(
        freeze(task, { groupId: place.groupId ?? null, chord: place.chord ?? null, rootId, parentId, groupIndex: tasks.length }),
      );
      tasks.push(task);
    }
  }
  group.tasks = tasks;
  return { id, parent: null, members };
}

function inherited(options: ReadonlyMap<string, Value>): { rootId: string | null; parentId: string | null } {
  const [rootId, parentId] = [options.get("root_id"), options.get("parent_id")];
  return { rootId: typeof rootId === "string" ? rootId : null, parentId: typeof parentId === "string" ? parentId : null };
}

/** The body first, because its members carry it. */
function freezeChord(chord: Signature, place: Place): ResultTuple {
  const { header, body } = chord;
  const { id, rootId, groupId, groupIndex, parentId } = place;
  const result = body === null ? null : freeze(body, { ...pick({ id, rootId, groupId, groupIndex }), chord: place.chord ?? null });
  if (header !== null) {
    const own = freeze(header, { ...pick({ rootId, parentId }), chord: body === null ? null : signatureValue(body) });
    chord.options.set("task_id", own.id);
    return result === null ? own : after(result, own);
  }
  return result ?? taskResult(id ?? randomUUID());
}

function pick(place: { [Key in keyof Place]: Place[Key] | undefined }): Place {
  return Object.fromEntries(Object.entries(place).filter(([, value]) => value != null));
}

export interface ChainPlace extends Place {
  /** What the first step gets before its own arguments. */
  args: readonly Value[];
  /** What is to be called when any of the steps fails. */
  errbacks: readonly Value[];
}

/**
 * The steps of a chain, the last one first, each with its result (Celery 5.7, `_chain.prepare_steps`): chains in it are spliced in,
 * a group that something follows becomes the header of a chord whose body is that.
 */
export function prepareSteps(tasks: readonly Signature[], place: ChainPlace): { step: Signature; result: ResultTuple }[] {
  const pending = spliced(tasks).map((task) => ({ ...cloneSignature(task), isStored: false }));
  while (pending.length > 1 && isEmptyGroup(pending[0])) pending.shift();
  const first = pending[0];
  if (first !== undefined && !first.immutable) first.args = [...place.args, ...first.args];
  const prepared: { step: Signature; result: ResultTuple }[] = [];
  for (let task = pending.pop(); task !== undefined; task = pending.pop()) {
    const following = prepared.at(-1)?.step;
    if (isEmptyGroup(task) && (pending.length > 0 || following !== undefined)) continue;
    const isLast = prepared.length === 0;
    const becomesHeader = task.kind === "group" && following !== undefined;
    if (becomesHeader) prepared.pop();
    const step = becomesHeader ? chordSignature(task, following) : task;
    linkErrors(step, place.errbacks);
    // The body of such a chord has its id, and the chain's own place when it is the last step, already.
    prepared.push({ step, result: freeze(step, isLast ? place : pick({ rootId: place.rootId })) });
  }
  for (let at = prepared.length - 2; at >= 0; at--) {
    const [one, before] = [prepared[at], prepared[at + 1]];
    if (one !== undefined && before !== undefined) one.result = after(one.result, before.result);
  }
  return prepared;
}

/** Chains in the chain, groups of one, and chords whose body is a chain are taken apart: what follows them is a step of its own. */
function spliced(tasks: readonly Signature[]): Signature[] {
  return tasks.flatMap((task) => {
    if (task.kind === "chain") {
      const inner = spliced(task.tasks).map(cloneSignature);
      const [head] = inner;
      if (head !== undefined && !head.immutable) head.args = [...task.args, ...head.args];
      const last = inner.at(-1);
      if (last !== undefined) addLinks(last, "link", signaturesIn(task.options.get("link")));
      for (const step of inner) linkErrors(step, signaturesIn(task.options.get("link_error")));
      return inner;
    }
    const [only] = task.tasks;
    if (task.kind === "group" && task.tasks.length === 1 && only !== undefined) return spliced([only]);
    if (task.kind === "chord" && task.body?.kind === "chain" && task.body.tasks[0]?.kind === null) {
      const [body, ...rest] = spliced([task.body]);
      return body === undefined ? [task] : [{ ...cloneSignature(task), body }, ...rest];
    }
    return [task];
  });
}

function isEmptyGroup(task: Signature | undefined): boolean {
  return task?.kind === "group" && task.tasks.length === 0;
}

/** Of a chord it is the body that calls them, of a group each member. */
export function linkErrors(signature: Signature, errbacks: readonly Value[]): void {
  if (errbacks.length === 0) return;
  if (signature.kind === "group") for (const task of signature.tasks) linkErrors(task, errbacks);
  else if (signature.kind === "chord" && signature.body !== null) linkErrors(signature.body, errbacks);
  else addLinks(signature, "link_error", errbacks);
}

/** How many parts a signature counts for in a chord's header (Celery 5.7, `_chord._descend`). */
export function sizeOf(signature: Signature): number {
  switch (signature.kind) {
    case "group":
      return signature.tasks.reduce((size, task) => size + sizeOf(task), 0);
    case "chain":
      return (
        signature.tasks
          .toReversed()
          .map(sizeOf)
          .find((size) => size > 0) ?? 0
      );
    case "chord":
      return signature.body === null ? 0 : sizeOf(signature.body);
    default:
      return 1;
  }
}

/** Whether a result is itself made of results, so that a chord needs its header's structure to put them together. */
export function isNested(result: ResultTuple & { members: ResultTuple[] }): boolean {
  return result.members.some((member) => member.members !== null);
}
