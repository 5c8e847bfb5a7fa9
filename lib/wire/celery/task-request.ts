import { type Decoded, decoded, undecodable } from "../decoded.ts";
import { type Value, get } from "../python/value.ts";
import { decodeJson } from "../serialize/json.ts";
import { type Envelope, decodeBody } from "./envelope.ts";
import { isObject, numberField, textField } from "./fields.ts";
import { plainValue } from "./plain-value.ts";
import { formatTimeLike, parseTime, secondsToMs } from "./time.ts";
import { entriesOf, isDict, listOf } from "./value-fields.ts";
import { findUnknownType } from "./worker-effect.ts";

/** What a worker needs of a task's message to run it: plain data, fit to be handed to another process. */
export type TaskRequest = {
  id: string;
  /** The task's own name. */
  type: string;
  /** The name to show: the shadow name where there is one. */
  name: string;
  args: Value[];
  kwargs: [string, Value][];
  /** Texts for the arguments as their sender chose them; empty where it told none. */
  argsRepr: string | null;
  kwargsRepr: string | null;
  /** Signatures as they are on the wire; the chain's next step is its last element. */
  callbacks: Value[];
  errbacks: Value[];
  chain: Value[];
  chord: Value | null;
  retries: number;
  etaAt: number | null;
  /** As `task-received` tells it: in the zone in which it was sent. */
  etaText: string | null;
  expiresAt: number | null;
  groupId: string | null;
  groupIndex: number | null;
  rootId: string | null;
  /** Of a retried task its own id. */
  parentId: string | null;
  hardLimitMs: number | null;
  softLimitMs: number | null;
  origin: string | null;
  shadow: string | null;
  /** Null leaves it to the task. */
  ignoreResult: boolean | null;
  replacedTaskNesting: number;
  stamps: [string, Value][];
  /** Headers that the caller added. */
  headers: [string, Value][];
  exchange: string;
  routingKey: string;
  /** As stored, which may be outside 0..9. */
  priority: number | null;
  deliveryTag: string;
  redelivered: boolean;
  correlationId: string | null;
  replyTo: string | null;
};

/** Headers of Celery's own and Kombu's; all others are the caller's. */
const OWN_HEADERS = new Set(
  `lang task id shadow eta expires group group_index retries timelimit root_id parent_id argsrepr kwargsrepr origin ignore_result
   replaced_task_nesting stamped_headers stamps compression redelivered`.split(/\s+/),
);

type Fields = (name: string) => unknown;

/** A task's message of protocol 2 or 1 (Celery 5.2 to 5.7); the reason when a worker cannot run it. */
export function readTaskRequest(envelope: Envelope): Decoded<TaskRequest> {
  const body = decodeBody(envelope);
  if (!body.ok) return body;
  const unknown = findUnknownType(body.value);
  if (unknown !== null) return undecodable(`a value in the body has the unknown type "${unknown}"`);
  const headers = envelope.headers ?? {};
  const value = body.value;
  const isFirst = !Object.hasOwn(headers, "task");
  const fields: Fields = isFirst ? (name) => plainField(value, name) : (name) => (Object.hasOwn(headers, name) ? headers[name] : undefined);
  const [args, kwargs, embed] = isDict(value) ? [get(value, "args") ?? [], get(value, "kwargs") ?? null, value] : (listOf(value) ?? []);
  const positional = listOf(args);
  if (positional === null) return undecodable("the arguments are no list");
  if (!isDict(kwargs)) return undecodable("the keyword arguments are no object");
  const type = textField(fields("task"));
  const id = textField(fields("id"));
  if (type === null || id === null || id === "") return undecodable("the message has no task or no id");
  const etaAt = timeOf(fields("eta"));
  const expiresAt = timeOf(fields("expires"));
  if (etaAt === undefined || expiresAt === undefined) return undecodable("eta or expires is no ISO 8601 time");
  const [hardLimitMs, softLimitMs] = limitsOf(fields("timelimit"));
  const ignores = fields("ignore_result");
  const shadow = textField(fields("shadow")) || null;
  const signatures = (name: string) => (listOf(get(embed, name)) ?? []).filter(isDict);
  const chord = get(embed, "chord") ?? null;
  const exact = exactHeaders(envelope);
  return decoded({
    id,
    type,
    name: shadow ?? type,
    args: positional,
    kwargs: entriesOf(kwargs),
    argsRepr: isFirst ? null : reprOf(fields("argsrepr")),
    kwargsRepr: isFirst ? null : reprOf(fields("kwargsrepr")),
    callbacks: signatures("callbacks"),
    errbacks: signatures("errbacks"),
    chain: signatures("chain"),
    chord: isDict(chord) ? chord : null,
    retries: numberField(fields("retries")) ?? 0,
    etaAt,
    etaText: etaAt === null ? null : formatTimeLike(etaAt, String(fields("eta"))),
    expiresAt,
    groupId: textField(fields("group")) ?? textField(fields("taskset")),
    groupIndex: numberField(fields("group_index")),
    rootId: textField(fields("root_id")),
    parentId: textField(fields("parent_id")),
    hardLimitMs,
    softLimitMs,
    origin: textField(fields("origin")),
    shadow,
    ignoreResult: typeof ignores === "boolean" ? ignores : null,
    replacedTaskNesting: numberField(fields("replaced_task_nesting")) ?? 0,
    stamps: stampsOf(exact),
    headers: entriesOf(exact).filter(([name]) => !OWN_HEADERS.has(name) && get(get(exact, "stamps"), name) === undefined),
    ...deliveryOf(envelope),
  });
}

function deliveryOf({ properties }: Envelope) {
  const own = properties ?? {};
  const info = isObject(own["delivery_info"]) ? own["delivery_info"] : {};
  return {
    exchange: textField(info["exchange"]) ?? "",
    routingKey: textField(info["routing_key"]) ?? "",
    priority: numberField(own["priority"]),
    deliveryTag: textField(own["delivery_tag"]) ?? "",
    redelivered: info["redelivered"] === true,
    correlationId: textField(own["correlation_id"]),
    replyTo: textField(own["reply_to"]),
  };
}

function plainField(body: Value, name: string): unknown {
  const value = get(body, name);
  return value === undefined ? undefined : plainValue(value);
}

/** Undefined where there is a time that cannot be read. */
function timeOf(field: unknown): number | null | undefined {
  if (field === undefined || field === null) return null;
  return (typeof field === "string" ? parseTime(field) : null) ?? undefined;
}

/** A message without the header has empty texts in Celery; one with null, and one of protocol 1, null. */
function reprOf(field: unknown): string | null {
  return field === undefined ? "" : textField(field);
}

/** `[hard, soft]` in seconds, in this order. */
function limitsOf(timelimit: unknown): [number | null, number | null] {
  if (!Array.isArray(timelimit)) return [null, null];
  const [hard, soft] = timelimit.map((seconds: unknown) => secondsToMs(seconds));
  return [hard || null, soft || null];
}

function stampsOf(headers: Value): [string, Value][] {
  const names = (listOf(get(headers, "stamped_headers")) ?? []).filter((name) => typeof name === "string");
  return names.map((name) => [name, get(get(headers, "stamps"), name) ?? null]);
}

/** The headers without loss; read only where they hold something of the caller's, for it costs a second parse. */
function exactHeaders({ headers, raw }: Envelope): Value {
  const stamped = headers?.["stamped_headers"];
  const plain = Object.keys(headers ?? {}).every((name) => OWN_HEADERS.has(name));
  if (plain && (!Array.isArray(stamped) || stamped.length === 0)) return null;
  const json = decodeJson(raw);
  return (json.ok ? get(json.value, "headers") : undefined) ?? null;
}
