import { isEmptyGroup, unchained, unrolledGroup } from "../producer/chain-steps.ts";
import { type Signature, chainSignature, chordSignature, cloneSignature } from "../producer/signature.ts";
import type { AsyncResult } from "../results/async-result.ts";
import type { GroupResult } from "../results/group-result.ts";
import { Canvas } from "./canvas.ts";

type Last<Steps extends readonly unknown[]> = Steps extends readonly [...unknown[], infer End] ? End : Steps[number];

/** What stands for the result of a chain's last step. A group of one member counts as that member. */
type HandleOf<Step> =
  Step extends Canvas<infer Handle> ? (Handle extends GroupResult<readonly [infer Only]> ? AsyncResult<Only> : Handle) : AsyncResult;

/**
 * Steps that follow each other: each gets the result of the one before as its first argument, unless it is immutable. A group that a
 * step follows becomes a chord with that step as its body.
 */
export function chain<const Steps extends readonly Canvas[]>(...steps: Steps): Canvas<HandleOf<Last<Steps>>> {
  return new Canvas(steps.length === 1 ? chainSignature(steps.map(cloneSignature)) : folded(steps), Canvas.sendOf(steps));
}

/** Celery 5.7, `chain(…)`: the steps one after the other with `|`, in one pass where the outcome is a chain. */
export function folded(tasks: readonly Signature[]): Signature {
  const steps: Signature[] = [];
  for (const [at, task] of tasks.entries()) {
    const other = addStep(steps, task);
    if (other !== null) return tasks.slice(at + 1).reduce(joined, other);
  }
  return chainSignature(steps);
}

/** Adds to the steps of a chain. Answers what it has become when that is no chain. */
function addStep(steps: Signature[], added: Signature): Signature | null {
  const task = unrolledGroup(added);
  const last = steps.at(-1);
  if (isEmptyGroup(task)) return null;
  if (task.kind === "chain") {
    const inner = unchained(task);
    for (const [at, step] of inner.entries()) {
      const other = addStep(steps, step);
      if (other !== null) return inner.slice(at + 1).reduce(joined, other);
    }
    return null;
  }
  if (task.kind === "group" && last === undefined) return cloneSignature(task);
  if (last?.kind === "group" && task.kind !== "group") steps[steps.length - 1] = headedBy(last, task);
  else if (last?.kind === "chord" && task.kind !== "chord") last.body = last.body === null ? cloneSignature(task) : joined(last.body, task);
  else steps.push(cloneSignature(task));
  return null;
}

/** What `left | right` is in Celery 5.7. */
function joined(left: Signature, given: Signature): Signature {
  const right = unrolledGroup(given);
  if (left.kind === "chain") return joinedToChain(left, right);
  if (left.kind === "group") return isEmptyGroup(right) ? cloneSignature(left) : headedBy(left, right);
  if (left.kind === "chord" && left.body !== null && right.kind !== "group" && right.kind !== "chain") {
    return { ...cloneSignature(left), body: joined(left.body, right) };
  }
  const rest = right.kind === "chain" ? unchained(right) : [cloneSignature(right)];
  return chainSignature([cloneSignature(left), ...rest]);
}

function joinedToChain(chain: Signature, right: Signature): Signature {
  if (isEmptyGroup(right)) return chain;
  if (right.kind === "chain") return unchained(right).reduce(joined, chain);
  const last = chain.tasks.at(-1);
  if (right.kind === "group") {
    const tasks = unchained(chain);
    if (last === undefined) return cloneSignature(right);
    if (last.kind !== "chord" || last.body === null) return chainSignature([...tasks, cloneSignature(right)]);
    return chainSignature([...tasks.slice(0, -1), { ...cloneSignature(last), body: joined(last.body, right) }]);
  }
  const own = cloneSignature(chain);
  if (last?.kind === "group") {
    const chord = headedBy(last, right);
    const before = own.tasks.at(-2);
    if (before?.kind === "chord" && before.body !== null) {
      before.body = joined(before.body, chord);
      own.tasks.pop();
    } else own.tasks[own.tasks.length - 1] = chord;
    return own;
  }
  if (last?.kind === "chord" && last.body !== null && right.kind !== "chord") {
    own.tasks[own.tasks.length - 1] = { ...cloneSignature(last), body: joined(last.body, right) };
    return own;
  }
  return chainSignature([...unchained(chain), cloneSignature(right)]);
}

/** A chord of the group's members; the group's own options are lost, as in Celery. */
function headedBy(group: Signature, body: Signature): Signature {
  return chordSignature({ ...cloneSignature(group), options: new Map() }, cloneSignature(body));
}
