import { entriesOf } from "../../lib/wire/celery/value-fields.ts";
import { type Value, dict } from "../../lib/wire/python/value.ts";
import { type Signature, signatureValue, taskSignature } from "../producer/signature.ts";

/** `map` or `starmap`: a built-in task of every worker that runs another one's function inside, once for each item. */
export function mapSignature(builtin: "celery.map" | "celery.starmap", task: Signature, items: Value[]): Signature {
  const kwargs: [string, Value][] = [
    ["task", argument(task)],
    ["it", items],
  ];
  return taskSignature(builtin, { kwargs: new Map(kwargs), immutable: true });
}

/** `chunks`: becomes a group of `starmap` when it is sent. */
export function chunksSignature(task: Signature, items: Value[], size: number): Signature {
  const kwargs: [string, Value][] = [
    ["task", argument(task)],
    ["it", items],
    ["n", size],
  ];
  return { ...taskSignature("celery.chunks", { kwargs: new Map(kwargs), immutable: true }), kind: "chunks" };
}

/** A signature among the arguments, of which `kwargsrepr` tells: there its own arguments are a tuple. */
function argument(task: Signature): Value {
  return dict(
    entriesOf(signatureValue(task)).map(([name, value]) => [name, name === "args" ? { $: "tuple", items: task.args } : value] as const),
  );
}
