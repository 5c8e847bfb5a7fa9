import { linkErrors, linkTo } from "./links.ts";
import { type Signature, cloneSignature, readSignature, signaturesIn } from "./signature.ts";

/** A group of one member counts as that member. */
export function unrolledGroup(task: Signature): Signature {
  const [only] = task.tasks;
  return task.kind === "group" && task.tasks.length === 1 && only !== undefined ? only : task;
}

export function isEmptyGroup(task: Signature): boolean {
  return task.kind === "group" && task.tasks.length === 0;
}

/** The steps of a chain that is spliced into another: what was linked to it is linked to them. */
export function unchained({ tasks, options }: Signature): Signature[] {
  const steps = tasks.map(cloneSignature);
  const last = steps.at(-1);
  for (const link of signaturesIn(options.get("link"))) {
    const callback = readSignature(link);
    if (last !== undefined && callback !== null) linkTo(last, callback);
  }
  for (const step of steps) linkErrors(step, signaturesIn(options.get("link_error")));
  return steps;
}

/** Options that say what a chain itself is; the others are its first task's. */
const OF_CHAIN = new Set(["chord", "group_id", "group_index", "link", "link_error", "parent_id", "root_id", "task_id"]);

/**
 * Of a chord whose body is a chain that begins with a task: the chord with that task for a body, and the rest of the chain. Else every
 * member of its header would carry the whole rest. Null for others. (Celery 5.7, `_chord._unroll_body`)
 */
export function withoutTail(task: Signature): Signature[] | null {
  const { body } = task;
  if (task.kind !== "chord" || body?.kind !== "chain") return null;
  const [first, ...rest] = unchained(body);
  if (first === undefined || first.kind === "group") return null;
  for (const [name, value] of body.options) if (!OF_CHAIN.has(name)) first.options.set(name, value);
  return [{ ...cloneSignature(task), body: first }, ...rest];
}

/** Takes apart, in place, the bodies of the chords that are steps of a chain. */
export function unrollChords(chain: Signature): void {
  const pending = [...chain.tasks];
  chain.tasks = [];
  for (let task = pending.shift(); task !== undefined; task = pending.shift()) {
    if (task.kind === "chain") unrollChords(task);
    const parts = withoutTail(task);
    if (parts === null) chain.tasks.push(task);
    else pending.unshift(...parts);
  }
}

/** A chord that is not sent yet holds its body once: its members get it when the header is sent. */
export function stripHeaderLinks(signature: Signature): void {
  const { kind, header, body, tasks } = signature;
  if (kind === "chord") {
    if (header !== null) {
      clearChord(header);
      stripHeaderLinks(header);
    }
    if (body !== null) stripHeaderLinks(body);
  } else for (const task of tasks) stripHeaderLinks(task);
}

function clearChord(signature: Signature): void {
  const { kind, tasks, body, options } = signature;
  options.delete("chord");
  const last = tasks.at(-1);
  if (kind === "group") tasks.forEach(clearChord);
  else if (kind === "chain" && last !== undefined) clearChord(last);
  else if (kind === "chord" && body !== null) clearChord(body);
}
