import { textOf } from "../../lib/wire/celery/value-fields.ts";
import { type Value } from "../../lib/wire/python/value.ts";
import { PythonError } from "../errors.ts";
import type { EventPublisher } from "../events/event-publisher.ts";
import type { Log } from "../log.ts";
import { freeze } from "../producer/freeze.ts";
import { addLinks, linkErrors } from "../producer/links.ts";
import { type SendContext, sendSignature } from "../producer/send-signature.ts";
import { type Signature, chordSignature, cloneSignature, readSignature, signatureValue, taskSignature } from "../producer/signature.ts";
import type { ResultStore } from "../results/result-store.ts";
import type { ContextActs } from "../task/context.ts";
import type { Run } from "../task/current.ts";

export interface ContextActsOptions {
  results: ResultStore;
  events: EventPublisher;
  send: SendContext;
  log: Log;
}

/** What tasks can do besides returning (Celery 5.7, `app/task.py`). */
export function contextActs({ results, events, send, log }: ContextActsOptions): ContextActs {
  return {
    storeState: async (request, state, meta) => {
      const { id: taskId, groupId, parentId } = request;
      await results.store({ taskId, status: state, result: meta, groupId, parentId, request });
    },
    sendEvent: (request, type, fields) => events.publish(events.make(type, [["uuid", request.id], ...fields])),
    replace: ({ request }, signature) => replace(send, request, signature),
    addToChord: (run, signature) => addToChord(send, run, signature),
    log,
  };
}

/** The replacement runs under the id of what it replaces, with what was linked to it and what was to follow it. */
async function replace(send: SendContext, request: Run["request"], given: Signature): Promise<void> {
  const own = cloneSignature(given);
  if (own.kind === "chain" && own.tasks.length === 0)
    throw new PythonError("ImproperlyConfigured", ["Cannot replace with an empty chain"], "celery.exceptions");
  const replacement = own.kind === "group" ? chordSignature(own, accumulate()) : own;
  const end = endOf(replacement);
  addLinks(end, "link", [...asList(replacement.options.get("link")), ...request.callbacks]);
  if (end !== replacement) replacement.options.delete("link");
  for (const task of replacement.kind === "chain" ? replacement.tasks : [replacement]) linkErrors(task, request.errbacks);
  const nesting = request.replacedTaskNesting + 1;
  for (const task of replacement.kind === "chain" ? replacement.tasks : [replacement]) task.options.set("replaced_task_nesting", nesting);
  const rootId = request.rootId ?? request.id;
  const { id, groupId, groupIndex, chord } = request;
  // Else the body would belong to its own header's group.
  if (replacement.kind === "chord" && groupId === null) replacement.body?.options.set("group_id", null);
  freeze(replacement, { id, groupId, groupIndex, chord, rootId });
  if (request.chain.length > 0) replacement.isStored = false; // as steps of a chain, all are copies in Celery
  await sendSignature(send, replacement, [], {
    parent_id: id,
    root_id: rootId,
    ...(replacement.kind === "chord" ? { task_id: id } : {}),
    ...(request.chain.length === 0 ? {} : { chain: request.chain.map((step) => nested(step, nesting)) }),
  });
}

/** A step that follows, as one that follows a replacement. */
function nested(step: Value, nesting: number): Value {
  const signature = readSignature(step);
  if (signature === null) return step;
  signature.options.set("replaced_task_nesting", nesting);
  return signatureValue(signature);
}

function accumulate(): Signature {
  return taskSignature("celery.accumulate", { kwargs: new Map([["index", 0]]) });
}

/** What a signature's result comes from. */
function endOf(signature: Signature): Signature {
  const last = signature.kind === "chain" ? signature.tasks.at(-1) : signature.kind === "chord" ? signature.body : null;
  return last == null ? signature : endOf(last);
}

function asList(option: Value | undefined): Value[] {
  return Array.isArray(option) ? option : option == null ? [] : [option];
}

/** Counted before it is sent, so that the chord waits for it whatever happens then. */
async function addToChord(send: SendContext, { request, children }: Run, given: Signature): Promise<void> {
  const { chord, groupId, groupIndex, id } = request;
  if (chord === null || groupId === null) throw new PythonError("ValueError", ["Current task is not member of any chord"]);
  const part = cloneSignature(given);
  const rootId = request.rootId ?? id;
  freeze(part, { groupId, groupIndex, chord, rootId });
  await send.chords.add(groupId);
  const sent = await sendSignature(send, part, [], { parent_id: textOf(id), root_id: rootId });
  children.push(sent.trail);
}
