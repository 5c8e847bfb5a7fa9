import { randomUUID } from "node:crypto";
import type { ResultTuple } from "../../lib/wire/celery/result-tuple.ts";
import { textOf } from "../../lib/wire/celery/value-fields.ts";
import type { Value } from "../../lib/wire/python/value.ts";
import { isEmptyGroup, unrolledGroup, withoutTail } from "./chain-steps.ts";
import { linkErrors } from "./links.ts";
import { SENDER } from "./sender.ts";
import { type Signature, chordSignature, cloneSignature, signatureValue } from "./signature.ts";

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
 * Answers what stands for its result: of a chain that of its last step, of a chord that of its body; the parent is what comes before.
 */
export function freeze(signature: Signature, place: Place = {}): ResultTuple {
  switch (signature.kind) {
    case "chain":
      return freezeChain(signature, place);
    case "group":
      return freezeGroup(signature, place);
    case "chord":
      return freezeChord(signature, place);
    default:
      return freezeTask(signature, place);
  }
}

function freezeTask({ options }: Signature, place: Place): ResultTuple {
  const id = textOf(options.get("task_id")) ?? place.id ?? randomUUID();
  options.set("task_id", id);
  if (place.rootId) options.set("root_id", place.rootId);
  if (place.parentId) options.set("parent_id", place.parentId);
  if (!options.has("reply_to")) options.set("reply_to", SENDER.replyTo);
  if (place.groupId && !options.has("group_id")) options.set("group_id", place.groupId);
  if (place.chord) options.set("chord", place.chord);
  if (place.groupIndex != null) options.set("group_index", place.groupIndex);
  return taskResult(id);
}

export function taskResult(id: string): ResultTuple {
  return { id, parent: null, members: null };
}

function freezeChain(chain: Signature, place: Place): ResultTuple {
  const [first] = chain.tasks;
  if (first !== undefined) first.args = [...chain.args, ...first.args];
  const prepared = preparedSteps(chain.tasks, place);
  const result = prepared[0]?.result ?? taskResult(place.id ?? randomUUID());
  chain.options.set("task_id", result.id);
  return result;
}

/** Groups in a group become its own members; in Celery those of each come out in reverse order, and the numbers with them. */
export function freezeGroup(group: Signature, place: Place): ResultTuple & { members: ResultTuple[] } {
  const { options } = group;
  const id = textOf(options.get("task_id")) ?? randomUUID();
  options.set("task_id", id);
  if (place.groupId) options.set("group_id", place.groupId);
  if (place.chord) options.set("chord", place.chord);
  if (place.groupIndex != null) options.set("group_index", place.groupIndex);
  if (!options.has("root_id")) options.set("root_id", place.rootId ?? null);
  if (!options.has("parent_id")) options.set("parent_id", place.parentId ?? null);
  const [rootId, parentId] = [textOf(options.get("root_id")), textOf(options.get("parent_id"))];
  const stack = [...group.tasks];
  const tasks: Signature[] = [];
  const members: ResultTuple[] = [];
  for (let task = stack.shift(); task !== undefined; task = stack.shift()) {
    if (task.kind === "group") {
      stack.unshift(...task.tasks.toReversed());
    } else if (task.kind !== "chain" || task.tasks.length > 0) {
      const { groupId = null, chord = null } = place;
      members.push(freeze(task, { groupId, chord, rootId, parentId, groupIndex: tasks.length }));
      tasks.push(task);
    }
  }
  // In place, because a chain that makes a chord of a group leaves the group where it is.
  group.tasks.splice(0, Infinity, ...tasks);
  return { id, parent: null, members };
}

/** The body first, because the header's members carry it. */
function freezeChord(chord: Signature, place: Place): ResultTuple {
  const { header, body } = chord;
  const { rootId = null, parentId = null } = place;
  const result = body === null ? taskResult(place.id ?? randomUUID()) : freeze(body, { ...place, parentId: null });
  if (header === null) return result;
  const own = freezeGroup(header, { rootId, parentId, chord: body === null ? null : signatureValue(body) });
  chord.options.set("task_id", own.id);
  if (body === null) return own;
  rootOf(result).parent = own;
  return result;
}

/** What a result began with. */
function rootOf(result: ResultTuple): ResultTuple {
  let root = result;
  while (root.parent !== null) root = root.parent;
  return root;
}

/** A step of a chain that is ready to be sent, and what stands for its result. */
export interface Step {
  step: Signature;
  result: ResultTuple;
}

/**
 * The steps of a chain that is about to be sent, the last one first (Celery 5.7, `_chain.prepare_steps`): chains in it are spliced in, a
 * group that something follows becomes the header of a chord whose body is that.
 *
 * @param given.args what the first step gets before its own arguments
 * @param given.errbacks what is called when any of the steps fails
 */
export function prepareSteps(tasks: readonly Signature[], place: Place & { args: readonly Value[]; errbacks: readonly Value[] }): Step[] {
  const steps = spliced(tasks.map(cloneSignature));
  const [first] = steps;
  if (first !== undefined && !first.immutable) first.args = [...place.args, ...first.args];
  return preparedSteps(steps, place, place.errbacks);
}

/** Chains in the chain and chords whose body is a chain are taken apart. Empty groups at the head give way to the first task. */
function spliced(tasks: readonly Signature[]): Signature[] {
  const pending = [...tasks];
  const steps: Signature[] = [];
  for (let task = pending.shift(); task !== undefined; task = pending.shift()) {
    const step = unrolledGroup(task);
    const parts = step.kind === "chain" ? step.tasks : withoutTail(step);
    if (parts !== null) pending.unshift(...parts);
    else steps.push(step);
  }
  while (steps.length > 1 && steps[0] !== undefined && isEmptyGroup(steps[0])) steps.shift();
  return steps;
}

/** Freezes the steps, from the last one to the first. */
function preparedSteps(tasks: readonly Signature[], place: Place, errbacks: readonly Value[] = []): Step[] {
  const { rootId = null } = place;
  const pending = [...tasks];
  const prepared: Step[] = [];
  /** The first of what follows, to be linked to the result of what comes before it. */
  let following: ResultTuple | null = null;
  for (let task = pending.pop(); task !== undefined; task = pending.pop()) {
    let step = unrolledGroup(task);
    if (isEmptyGroup(step) && (pending.length > 0 || prepared.length > 0)) continue;
    if (step.kind === "chain") {
      pending.push(...step.tasks);
      continue;
    }
    const isLast = prepared.length === 0;
    const next = prepared.at(-1);
    if (step.kind === "group" && next !== undefined) {
      prepared.pop();
      const id = following?.members === null ? [["task_id", following.id] as const] : [];
      step = chordSignature({ ...step, options: new Map() }, next.step, new Map([...id, ["root_id", rootId]]));
      following = unlinked(prepared.at(-1)?.result ?? null, next.result);
    }
    const result = freeze(step, isLast ? { ...place, parentId: null } : { rootId });
    if (following !== null && following.parent === null) following.parent = result;
    linkErrors(step, errbacks);
    prepared.push({ step, result });
    following = step.kind === "chord" ? rootOf(result) : result;
  }
  return prepared;
}

/** The result whose parent was the body of a chord is linked to the chord's result instead. */
function unlinked(result: ResultTuple | null, body: ResultTuple): ResultTuple | null {
  for (let node = result; node !== null; node = node.parent) {
    if (node.parent !== body) continue;
    node.parent = null;
    return node;
  }
  return result;
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
