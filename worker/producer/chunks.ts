import { listOf } from "../../lib/wire/celery/value-fields.ts";
import type { Value } from "../../lib/wire/python/value.ts";
import type { Signature } from "./signature.ts";

/** `chunks`: a group of `celery.starmap` calls over parts of the list. */
export function chunksGroup(chunks: Signature): Signature {
  const [task, items, size] = [chunks.kwargs.get("task"), listOf(chunks.kwargs.get("it")) ?? [], chunks.kwargs.get("n")];
  const length = typeof size === "number" && size > 0 ? size : items.length || 1;
  const parts = Array.from({ length: Math.ceil(items.length / length) }, (_, part) => items.slice(part * length, (part + 1) * length));
  const starmap = (it: Value[]): Signature => ({
    ...chunks,
    task: "celery.starmap",
    kind: null,
    args: [],
    kwargs: new Map([
      ["task", task ?? null],
      ["it", it],
    ]),
    options: new Map(),
  });
  return { ...chunks, kind: "group", tasks: parts.map(starmap), kwargs: new Map() };
}
