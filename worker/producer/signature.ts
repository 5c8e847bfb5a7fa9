import { type Value, dict, get } from "../../lib/wire/python/value.ts";
import { entriesOf, isDict, listOf, textOf } from "../../lib/wire/celery/value-fields.ts";

/**
 * A call that can be sent, now or when another task ends: a task, or a chain, group or chord of such calls. What is under `options`
 * carries Celery's own names (`task_id`, `queue`, `countdown`, `link`, …), for it goes over the wire as it is.
 */
export interface Signature {
  task: string;
  args: Value[];
  /** Of a chain, group or chord without its members. */
  kwargs: Map<string, Value>;
  options: Map<string, Value>;
  /** `subtask_type`: null for a plain task. */
  kind: string | null;
  /** Whether the result of what came before is not prepended to the arguments. */
  immutable: boolean;
  /** Steps of a chain, members of a group. */
  tasks: Signature[];
  /** A chord's header, always a group, and its body. */
  header: Signature | null;
  body: Signature | null;
  /** Whether it was read from a message: then Python has its arguments as a list, which shows in what is told of them. */
  isStored: boolean;
}

export function taskSignature(task: string, parts: Partial<Omit<Signature, "task" | "kind">> = {}): Signature {
  return { ...empty(task, null), ...parts };
}

export function chainSignature(tasks: Signature[], options?: Map<string, Value>): Signature {
  return { ...empty("celery.chain", "chain"), tasks, ...(options === undefined ? {} : { options }) };
}

export function groupSignature(tasks: Signature[], options?: Map<string, Value>): Signature {
  return { ...empty("celery.group", "group"), tasks, ...(options === undefined ? {} : { options }) };
}

export function chordSignature(header: Signature, body: Signature, options?: Map<string, Value>): Signature {
  const kwargs = new Map<string, Value>([["kwargs", dict([])]]);
  return { ...empty("celery.chord", "chord"), kwargs, header, body, ...(options === undefined ? {} : { options }) };
}

function empty(task: string, kind: string | null): Signature {
  return {
    task,
    args: [],
    kwargs: new Map(),
    options: new Map(),
    kind,
    immutable: false,
    tasks: [],
    header: null,
    body: null,
    isStored: false,
  };
}

const DEEPEST = 100;

/** The signature in a decoded value (Celery 5.2 to 5.7), or null when there is none. */
export function readSignature(value: Value | undefined, depth = 0): Signature | null {
  const task = textOf(get(value, "task"));
  if (task === null || depth > DEEPEST) return null;
  const kind = textOf(get(value, "subtask_type"));
  const kwargs = new Map(entriesOf(get(value, "kwargs")));
  const inner = (members: Value | undefined) =>
    (listOf(members) ?? []).map((member) => readSignature(member, depth + 1)).filter((member) => member !== null);
  const signature: Signature = {
    task,
    args: [...(listOf(get(value, "args")) ?? [])],
    kwargs,
    options: new Map(entriesOf(get(value, "options"))),
    kind,
    immutable: get(value, "immutable") === true && kind !== "chain",
    tasks: [],
    header: null,
    body: null,
    isStored: true,
  };
  if (kind === "chain" || kind === "group") {
    // A group of a single mapped call may hold the members as one signature.
    const tasks = kwargs.get("tasks");
    signature.tasks = isDict(tasks) ? inner([tasks]) : inner(tasks);
    kwargs.delete("tasks");
  } else if (kind === "chord") {
    const header = kwargs.get("header");
    signature.header = listOf(header) === null ? asGroup(readSignature(header, depth + 1)) : groupSignature(inner(header));
    signature.body = readSignature(kwargs.get("body"), depth + 1);
    kwargs.delete("header");
    kwargs.delete("body");
  }
  return signature;
}

function asGroup(header: Signature | null): Signature | null {
  return header === null || header.kind === "group" ? header : groupSignature([header]);
}

/** The kinds that Python tells by `subtask_type`; the others are known by the names of their tasks. */
const COMPOSED = new Set(["chain", "group", "chord"]);

/** The signature as it goes over the wire, with its keys in Celery's order. */
export function signatureValue(signature: Signature): Value {
  const { kind } = signature;
  const members: [string, Value][] = [];
  if (kind === "chain" || kind === "group") members.push(["tasks", signature.tasks.map(signatureValue)]);
  if (signature.header !== null) members.push(["header", headerValue(signature.header)]);
  if (signature.body !== null) members.push(["body", signatureValue(signature.body)]);
  return dict([
    ["task", signature.task],
    ["args", signature.args],
    ["kwargs", dict([...signature.kwargs, ...members])],
    ["options", dict(signature.options)],
    ["subtask_type", kind !== null && COMPOSED.has(kind) ? kind : null],
    ["immutable", signature.immutable],
  ]);
}

/** A header that has not been frozen is a list, later it is a group. */
function headerValue(header: Signature): Value {
  return header.options.size === 0 ? header.tasks.map(signatureValue) : signatureValue(header);
}

/** A copy that can be changed without changing the other. */
export function cloneSignature(signature: Signature): Signature {
  const { header } = signature;
  return {
    ...signature,
    // In Celery a copied chain is not immutable any more.
    immutable: signature.immutable && signature.kind !== "chain",
    args: [...signature.args],
    kwargs: new Map(signature.kwargs),
    options: new Map(signature.options),
    tasks: signature.tasks.map(cloneSignature),
    // As in Celery a copied header has forgotten what it got when it was frozen; the chord knows its id.
    header: header === null ? null : { ...cloneSignature(header), options: new Map() },
    body: signature.body === null ? null : cloneSignature(signature.body),
    isStored: false,
  };
}

/** The one signature or the list of them under an option. */
export function signaturesIn(option: Value | undefined): Value[] {
  if (option === undefined || option === null) return [];
  return listOf(option) ?? [option];
}
