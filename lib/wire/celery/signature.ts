import { type Value, get } from "../python/value.ts";
import { booleanOf, isDict, listOf, numberOf, textOf } from "./value-fields.ts";

/**
 * A signature: a task that another one will send when it ends (callback, errback, chain step, chord body). Celery's
 * `group`, `chain`, `chord`, `map`, `starmap` and `chunks` are signatures that hold others.
 */
export type Signature = {
  task: string;
  /** Id it will run under, when the sender has assigned one. */
  id: string | null;
  kind: "task" | "chain" | "group" | "chord" | "xmap" | "xstarmap" | "chunks" | "other";
  args: Value;
  kwargs: Value;
  /** Options of `apply_async`, as they are. */
  options: Value;
  queue: string | null;
  priority: number | null;
  groupId: string | null;
  groupIndex: number | null;
  /** Whether the parent's result is not prepended to the arguments. */
  immutable: boolean;
  /** Steps of a chain in execution order, members of a group, members of a chord's header; else empty. */
  members: Signature[];
  /** Body of a chord. */
  body: Signature | null;
};

const KINDS = new Map<string | null, Signature["kind"]>([
  [null, "task"],
  ["chain", "chain"],
  ["group", "group"],
  ["chord", "chord"],
  ["xmap", "xmap"],
  ["xstarmap", "xstarmap"],
  ["chunks", "chunks"],
]);

/** Canvas nests as deep as its author likes; below this the members are left out and only the arguments show them. */
const MAX_DEPTH = 32;

/** The signature in a decoded value, or null when there is none. Fields of another type than expected count as absent. */
export function readSignature(value: Value | undefined, depth = 0): Signature | null {
  const task = textOf(get(value, "task"));
  if (task === null) return null;
  const kwargs = get(value, "kwargs") ?? null;
  const options = get(value, "options") ?? null;
  const kind = KINDS.get(textOf(get(value, "subtask_type"))) ?? "other";
  const below = (inner: Value | undefined) => (depth < MAX_DEPTH ? readSignature(inner, depth + 1) : null);
  return {
    task,
    id: textOf(get(options, "task_id")),
    kind,
    args: get(value, "args") ?? null,
    kwargs,
    options,
    queue: textOf(get(options, "queue")),
    priority: numberOf(get(options, "priority")),
    groupId: textOf(get(options, "group_id")),
    groupIndex: numberOf(get(options, "group_index")),
    immutable: booleanOf(get(value, "immutable")) ?? false,
    members: membersOf(kind, kwargs)
      .map(below)
      .filter((member) => member !== null),
    body: kind === "chord" ? below(get(kwargs, "body")) : null,
  };
}

/** The signatures of a list; elements that are none are left out. */
export function readSignatures(value: Value | undefined): Signature[] {
  return (listOf(value) ?? []).map((item) => readSignature(item)).filter((signature) => signature !== null);
}

function membersOf(kind: Signature["kind"], kwargs: Value): Value[] {
  if (kind === "chain" || kind === "group") return listOf(get(kwargs, "tasks")) ?? [];
  if (kind !== "chord") return [];
  const header = get(kwargs, "header");
  return listOf(header) ?? (isDict(header) ? (listOf(get(get(header, "kwargs"), "tasks")) ?? [header]) : []);
}
