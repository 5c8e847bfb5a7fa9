import { randomUUID } from "node:crypto";
import { AppError } from "../../lib/errors.ts";
import type { ResultTuple } from "../../lib/wire/celery/result-tuple.ts";
import { listOf, textOf } from "../../lib/wire/celery/value-fields.ts";
import type { Value } from "../../lib/wire/python/value.ts";
import type { ChordSizes } from "../results/chord-sizes.ts";
import { stripHeaderLinks, unrollChords } from "./chain-steps.ts";
import { chunksGroup } from "./chunks.ts";
import { freeze, freezeGroup, isNested, prepareSteps, sizeOf, taskResult } from "./freeze.ts";
import { linkToBody } from "./links.ts";
import type { Publisher } from "./publisher.ts";
import { type Signature, cloneSignature, signatureValue, signaturesIn } from "./signature.ts";

/** Options for what is sent, under Celery's names; they win over the signature's own. Nulls count as absent. */
export type ExtraOptions = Readonly<Record<string, Value | undefined>>;

type Options = Map<string, Value>;

export interface Sent {
  /** What stands for the whole result: the last step of a chain, the body of a chord. */
  result: ResultTuple;
  /** What a task that sent it lists among its children: what was sent first. */
  trail: ResultTuple;
}

export interface SendContext {
  publisher: Publisher;
  chords: ChordSizes;
}

/** What a signature has settled, because tasks would stall if it changed under way. */
const SETTLED = ["group_id", "stamped_headers"];

/**
 * Sends a signature of any kind (Celery 5.7, `Signature.apply_async`): what can begin now is published, the rest travels in it.
 *
 * @param args prepended to its own arguments, unless it is immutable
 */
export async function sendSignature(
  context: SendContext,
  signature: Signature,
  args: readonly Value[] = [],
  extra: ExtraOptions = {},
): Promise<Sent> {
  const own = cloneSignature(signature);
  const given: Options = new Map(Object.entries(extra).filter((entry): entry is [string, Value] => entry[1] !== undefined));
  const allArgs = signature.immutable ? own.args : [...args, ...own.args];
  switch (own.kind) {
    case "chain":
      return sendChain(context, own, allArgs, given);
    case "group":
      return sendGroup(context, own, args, given);
    case "chord":
      return sendChord(context, own, allArgs, given);
    case "chunks":
      return sendGroup(context, chunksGroup(own), args, given);
    default: {
      const options = settled(own.options, withoutNulls(given));
      const argsAreList = signature.isStored && allArgs.length > 0 && allArgs.length === own.args.length;
      const id = await context.publisher.send({ name: own.task, args: allArgs, kwargs: [...own.kwargs], options, argsAreList });
      const result = taskResult(id);
      return { result, trail: result };
    }
  }
}

/** The given options over the own ones, except over those that are settled. */
function settled(own: Options, given: Options): Options {
  const kept = [...SETTLED, ...signaturesIn(own.get("stamped_headers"))].filter((name) => typeof name === "string" && own.has(name));
  return new Map([...own, ...[...given].filter(([name]) => !kept.includes(name))]);
}

function withoutNulls(options: Options): Options {
  return new Map([...options].filter(([, value]) => value !== null));
}

/** Takes an option out of those that are passed on. */
function taken(options: Options, name: string): Value | undefined {
  const value = options.get(name);
  options.delete(name);
  return value;
}

async function sendChain(context: SendContext, chain: Signature, args: readonly Value[], given: Options): Promise<Sent> {
  const options = new Map([...chain.options, ...given]);
  const index = taken(options, "group_index");
  const [rootId, parentId] = [textOf(taken(options, "root_id")), textOf(taken(options, "parent_id"))];
  const prepared = prepareSteps(chain.tasks, {
    args,
    rootId,
    id: textOf(taken(options, "task_id")),
    groupId: textOf(taken(options, "group_id")),
    groupIndex: typeof index === "number" ? index : null,
    chord: taken(options, "chord") ?? null,
    errbacks: signaturesIn(taken(options, "link_error")),
  });
  for (const { step } of prepared) stripHeaderLinks(step);
  const callbacks = signaturesIn(taken(options, "link"));
  const [last] = prepared;
  const first = prepared.at(-1);
  if (last === undefined || first === undefined) {
    const nothing = taskResult(randomUUID());
    return { result: nothing, trail: nothing };
  }
  if (callbacks.length > 0) last.step.options.set("link", [...signaturesIn(last.step.options.get("link")), ...callbacks]);
  const rest = prepared.slice(0, -1).map(({ step }) => signatureValue(step));
  options.set("chain", [...(listOf(options.get("chain")) ?? []), ...rest]);
  const place = { ...(rootId === null ? {} : { root_id: rootId }), ...(parentId === null ? {} : { parent_id: parentId }) };
  const sent = await sendSignature(context, first.step, [], { ...Object.fromEntries(options), ...place });
  return { result: rest.length === 0 ? sent.result : last.result, trail: sent.trail };
}

async function sendGroup(context: SendContext, group: Signature, args: readonly Value[], given: Options): Promise<Sent> {
  const linked = ["link", "link_error"].find((name) => given.get(name) != null);
  if (linked !== undefined) throw new AppError("bad-input", `A group cannot be sent with ${linked}: link its members, or make it a chord`);
  if (group.tasks.length === 0) {
    const nothing = freezeGroup(group, {});
    return { result: nothing, trail: nothing };
  }
  const options = settled(group.options, given);
  const groupId = textOf(taken(options, "task_id")) ?? randomUUID();
  options.set("group_id", groupId);
  const chord = taken(options, "chord") ?? null;
  options.delete("group_index");
  const members = unrolled(group, groupId, textOf(options.get("root_id")));
  let size = 0;
  for (const [at, { task }] of members.entries()) {
    const own = chord ?? task.options.get("chord") ?? null;
    size += sizeOf(task);
    // Before the last member can end, the others may have: whoever completes the chord must know how many they are.
    if (own !== null && at === members.length - 1) await context.chords.expect(groupId, size);
    // Celery tells its own functions so not to list each member as a child; in the body of a chord it goes over the wire.
    await sendSignature(context, task, args, { add_to_parent: false, chord: own, ...Object.fromEntries(options) });
  }
  const results = members.map((member) => member.result);
  const [only] = results;
  const result = results.length === 1 && only?.members != null ? only : { id: groupId, parent: null, members: results };
  return { result, trail: result };
}

/** Groups in a group become its members; each of them numbers its own from 0, as in Celery. */
function unrolled(group: Signature, groupId: string, rootId: string | null): { task: Signature; result: ResultTuple }[] {
  return group.tasks.flatMap((task, groupIndex) => {
    if (task.kind === "group") return unrolled(task, groupId, rootId);
    if (task.kind === "chain" && task.tasks.length === 0) return [];
    return [{ task, result: freeze(task, { groupId, rootId, groupIndex }) }];
  });
}

/** When and how the header runs is its own; everything else that is said of a chord is said of its body. */
async function sendChord(context: SendContext, chord: Signature, args: readonly Value[], given: Options): Promise<Sent> {
  const { header, body: written } = chord;
  if (header === null || written === null) throw new TypeError("a chord needs a header and a body");
  const groupId = textOf(chord.options.get("task_id")) ?? randomUUID();
  const options = new Map([...chord.options, ...given]);
  const bodyId = textOf(taken(options, "task_id"));
  const [countdown, eta] = [taken(options, "countdown"), taken(options, "eta")];
  const [callbacks, errbacks] = [signaturesIn(taken(options, "link")), signaturesIn(taken(options, "link_error"))];
  const ofBody = (from: Options) => new Map([...from].filter(([name]) => options.has(name) && name !== "parent_id"));
  const body = { ...written, options: settled(written.options, ofBody(given)) };
  const rootId = textOf(body.options.get("root_id"));
  linkToBody(body, callbacks, errbacks);
  for (const [name, value] of ofBody(options)) body.options.set(name, value);
  if (body.kind === "chain") unrollChords(body);
  const result = freeze(body, { id: bodyId, groupId, rootId });
  stripHeaderLinks(body);
  for (const name of ["chain", "chord"]) options.delete(name);
  header.options.set("task_id", groupId);
  const frozen = freezeGroup(header, { groupId, rootId, chord: signatureValue(body) });
  if (header.tasks.length === 0) {
    const sent = await sendSignature(context, body, [[]]);
    result.parent = frozen;
    return { result, trail: sent.trail };
  }
  if (isNested(frozen)) await context.chords.saveHeader(frozen);
  const delay = { ...(countdown == null ? {} : { countdown }), ...(eta == null ? {} : { eta }) };
  const sent = await sendGroup(context, header, args, new Map([...options, ...Object.entries({ ...delay, task_id: groupId })]));
  result.parent = sent.result;
  return { result, trail: sent.trail };
}
