import { randomUUID } from "node:crypto";
import type { Publication } from "../brokers/broker.ts";
import type { ActOutcome, RerunDraft, RerunRequest, TaskAddress } from "../contract/task.ts";
import { AppError } from "../errors.ts";
import type { TaskEvent } from "../model/event.ts";
import type { Viewer } from "../model/viewer.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { getRerunDraft } from "../queries/get-rerun-draft.ts";
import { isTagged } from "../wire/python/value.ts";
import { decodeJson } from "../wire/serialize/json.ts";
import { actedEvent, attempted, recorded, targetOf } from "./act.ts";

/**
 * Sends the same call again as a new task, with the arguments of the draft or with those of the request. Nothing that
 * followed the old one (chain, chord, callbacks) follows the new one.
 */
export async function rerunTask(monitor: Monitor, viewer: Viewer, address: TaskAddress, request: RerunRequest): Promise<ActOutcome> {
  const target = targetOf(monitor, viewer, address, "rerun");
  const { watched, task } = target;
  const publication = publicationOf(await getRerunDraft(monitor, viewer, address), request);
  // Before its worker can tell of it, so that no clock makes it begin before it was sent.
  const sent = sentEvent(viewer, task.id, publication);
  await attempted(target, viewer, "rerun", () => watched.broker.publish(publication));
  const outcome = `It was sent again to ${publication.queue} as ${publication.id}.`;
  const acted = actedEvent(viewer, task, "rerun", outcome, { rerunId: publication.id });
  return { message: await recorded(watched, outcome, sent, acted), id: publication.id };
}

function publicationOf(draft: RerunDraft, request: RerunRequest): Publication {
  const args = request.args ?? draft.args;
  const kwargs = request.kwargs ?? draft.kwargs;
  if (args === null || kwargs === null) throw new AppError("conflict", `${draft.reason} Say yourself what to call it with.`);
  if (request.args !== undefined) requireJson("args", request.args, "list");
  if (request.kwargs !== undefined) requireJson("kwargs", request.kwargs, "object");
  const queue = request.queue ?? draft.queue;
  if (queue === null) throw new AppError("conflict", "Its queue is not known; say to which one to send it");
  if (draft.name === null) throw new AppError("conflict", "Its name is not known");
  return { id: randomUUID(), name: draft.name, queue, priority: draft.priority ?? 0, args, kwargs };
}

function requireJson(field: string, text: string, wanted: "list" | "object"): void {
  const json = decodeJson(text);
  if (!json.ok) throw new AppError("bad-input", `${field}: ${json.reason}`);
  const { value } = json;
  const is = Array.isArray(value) ? "list" : isTagged(value) && value.$ === "dict" ? "object" : "something else";
  if (is !== wanted) throw new AppError("bad-input", `${field}: must be a JSON ${wanted}`);
}

/** Nobody else tells of it where producers send no events, and nobody else knows which task it repeats. */
function sentEvent(viewer: Viewer, old: string, { id, name, queue, priority, args, kwargs }: Publication): TaskEvent {
  const now = Date.now();
  const [argsValue, kwargsValue] = [decodeJson(args), decodeJson(kwargs)];
  const isKnown = argsValue.ok && kwargsValue.ok;
  return {
    type: "task.sent",
    task: id,
    at: now,
    seenAt: now,
    source: "operator",
    run: 0,
    name,
    queue,
    priority,
    rootId: id,
    rerunId: old,
    actor: viewer.name,
    ...(isKnown
      ? { payload: { args: JSON.stringify(argsValue.value), kwargs: JSON.stringify(kwargsValue.value), argsForm: "value" as const } }
      : {}),
  };
}
