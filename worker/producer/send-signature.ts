import { randomUUID } from "node:crypto";
import type { ResultTuple } from "../../lib/wire/celery/result-tuple.ts";
import { listOf, textOf } from "../../lib/wire/celery/value-fields.ts";
import type { Value } from "../../lib/wire/python/value.ts";
import type { ChordSizes } from "../results/chord-sizes.ts";
import { freeze, freezeGroup, isNested, linkErrors, prepareSteps, sizeOf } from "./freeze.ts";
import type { Publisher } from "./publisher.ts";
import { type Signature, addLinks, cloneSignature, signatureValue, signaturesIn } from "./signature.ts";

/** Options for what is sent, under Celery's names; they win over the signature's own. Nulls count as absent. */
export type ExtraOptions = Readonly<Record<string, Value | undefined>>;

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
const SETTLED = new Set(["group_id", "stamped_headers"]);

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
  const options = merged(own.options, Object.entries(extra));
  const allArgs = own.immutable ? own.args : [...args, ...own.args];
  switch (own.kind) {
    case "chain":
      return sendChain(context, own, allArgs, options);
    case "group":
      return sendGroup(context, own, args, options);
    case "chord":
      return sendChord(context, own, allArgs, options);
    case "chunks":
      return sendGroup(context, chunksGroup(own), args, options);
    default: {
      const argsAreList = own.isStored && allArgs.length > 0 && allArgs.length === own.args.length;
      const id = await context.publisher.send({ name: own.task, args: allArgs, kwargs: [...own.kwargs], options, argsAreList });
      const result = { id, parent: null, members: null };
      return { result, trail: result };
    }
  }
}

function merged(own: ReadonlyMap<string, Value>, extra: Iterable<readonly [string, Value | undefined]>): Map<string, Value> {
  const options = new Map(own);
  for (const [name, value] of extra) {
    if (value === undefined || value === null || (SETTLED.has(name) && own.has(name))) continue;
    options.set(name, value);
  }
  return options;
}

/** Options that describe the chain's own place, not its first step's. */
const OF_CHAIN = ["task_id", "group_id", "group_index", "chord", "link", "link_error"];

async function sendChain(context: SendContext, chain: Signature, args: readonly Value[], options: Map<string, Value>): Promise<Sent> {
  const index = options.get("group_index");
  const prepared = prepareSteps(chain.tasks, {
    args,
    rootId: textOf(options.get("root_id")),
    id: textOf(options.get("task_id")),
    groupId: textOf(options.get("group_id")),
    groupIndex: typeof index === "number" ? index : null,
    chord: options.get("chord") ?? null,
    errbacks: signaturesIn(options.get("link_error")),
  });
  const [last] = prepared;
  const first = prepared.at(-1);
  if (last === undefined || first === undefined) {
    const nothing = { id: randomUUID(), parent: null, members: null };
    return { result: nothing, trail: nothing };
  }
  linkEnd(last.step, signaturesIn(options.get("link")));
  const rest = prepared.slice(0, -1).map(({ step }) => signatureValue(step));
  for (const name of OF_CHAIN) options.delete(name);
  const chained = [...(listOf(options.get("chain")) ?? []), ...rest];
  const extra = { ...Object.fromEntries(options), chain: chained.length === 0 ? null : chained };
  const sent = await sendSignature(context, first.step, [], extra);
  return { result: last.result, trail: sent.trail };
}

function linkEnd(step: Signature, callbacks: readonly Value[]): void {
  addLinks(step.kind === "chord" && step.body !== null ? step.body : step, "link", callbacks);
}

async function sendGroup(context: SendContext, group: Signature, args: readonly Value[], options: Map<string, Value>): Promise<Sent> {
  const groupId = textOf(options.get("task_id")) ?? randomUUID();
  const rootId = textOf(options.get("root_id"));
  const given = options.get("chord") ?? null;
  const members = unrolled(group, groupId, rootId);
  for (const name of ["task_id", "group_index", "chord", "link", "link_error"]) options.delete(name);
  const extra = { ...Object.fromEntries(options), group_id: groupId };
  let size = 0;
  for (const [at, { task }] of members.entries()) {
    const chord = given ?? task.options.get("chord") ?? null;
    size += sizeOf(task);
    // Before the last member can end, the others may have: whoever completes the chord must know how many they are.
    if (chord !== null && at === members.length - 1) await context.chords.expect(groupId, size);
    await sendSignature(context, task, args, { ...extra, chord });
  }
  const result = { id: groupId, parent: null, members: members.map((member) => member.result) };
  return { result, trail: result };
}

/** Groups in a group become its members; each of them numbers its own from 0, as in Celery. */
function unrolled(group: Signature, groupId: string, rootId: string | null): { task: Signature; result: ResultTuple }[] {
  return group.tasks.flatMap((task, groupIndex) => {
    if (task.kind === "group") return unrolled(task, groupId, rootId);
    if (task.kind === "chain" && task.tasks.length === 0) return [];
    return [{ task: { ...task, isStored: false }, result: freeze(task, { groupId, rootId, groupIndex }) }];
  });
}

async function sendChord(context: SendContext, chord: Signature, args: readonly Value[], options: Map<string, Value>): Promise<Sent> {
  const { header, body } = chord;
  if (header === null || body === null) throw new TypeError("a chord needs a header and a body");
  const groupId = textOf(header.options.get("task_id")) ?? textOf(options.get("task_id")) ?? randomUUID();
  const bodyId = textOf(options.get("task_id"));
  const delay = { countdown: options.get("countdown"), eta: options.get("eta") };
  const callbacks = signaturesIn(options.get("link"));
  const errbacks = signaturesIn(options.get("link_error"));
  for (const name of ["task_id", "countdown", "eta", "link", "link_error"]) options.delete(name);
  linkEnd(body, callbacks);
  linkErrors(body, errbacks);
  for (const [name, value] of options)
    if (name !== "parent_id" && !(SETTLED.has(name) && body.options.has(name))) body.options.set(name, value);
  const rootId = textOf(body.options.get("root_id"));
  const result = freeze(body, { id: bodyId, groupId, rootId });
  for (const name of ["chain", "chord", "group_id", "group_index"]) options.delete(name);
  header.options.set("task_id", groupId);
  const frozen = freezeGroup(header, { groupId, rootId, chord: signatureValue(body) });
  if (header.tasks.length === 0) {
    await sendSignature(context, body, [[]]);
    return { result, trail: { ...frozen, members: [] } };
  }
  if (isNested(frozen)) await context.chords.saveHeader(frozen);
  const sent = await sendGroup(
    context,
    header,
    args,
    merged(merged(header.options, options), Object.entries({ ...delay, task_id: groupId })),
  );
  return { result, trail: sent.trail };
}

/** `chunks`: a group of `celery.starmap` calls over parts of the list. */
function chunksGroup(chunks: Signature): Signature {
  const [task, items, size] = [chunks.kwargs.get("task"), listOf(chunks.kwargs.get("it")) ?? [], chunks.kwargs.get("n")];
  const length = typeof size === "number" && size > 0 ? size : items.length || 1;
  const parts = Array.from({ length: Math.ceil(items.length / length) }, (_, part) => items.slice(part * length, (part + 1) * length));
  const starmap = (it: Value[]): Signature => ({
    ...chunks,
    task: "celery.starmap",
    kind: "xstarmap",
    args: [],
    kwargs: new Map([
      ["task", task ?? null],
      ["it", it],
    ]),
    options: new Map(),
  });
  return { ...chunks, kind: "group", tasks: parts.map(starmap), kwargs: new Map() };
}
