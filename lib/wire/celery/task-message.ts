import { type Decoded, decoded } from "../decoded.ts";
import { type Value, get } from "../python/value.ts";
import { decodeJson } from "../serialize/json.ts";
import { decodeSerialized } from "../serialize/serialized.ts";
import {
  type BodyLimits,
  type BodyPayload,
  DEFAULT_BODY_LIMITS,
  type Envelope,
  bodyPayload,
  decodeEnvelope,
  isSigned,
} from "./envelope.ts";
import { isObject, type JsonObject, numberField, textField } from "./fields.ts";
import { sliceJsonArray } from "./json-array.ts";
import { plainValue } from "./plain-value.ts";
import { type Signature, readSignature, readSignatures } from "./signature.ts";
import { parseTime, secondsToMs } from "./time.ts";
import { entriesOf, isDict, listOf } from "./value-fields.ts";
import { findUnknownType, type WorkerEffect, workerEffect } from "./worker-effect.ts";

/** A task's message, of protocol 2 or 1. What it does not say is null; `problems` says what in it could not be read. */
export type TaskMessage = {
  envelope: Envelope;
  protocol: 1 | 2;
  id: string | null;
  name: string | null;
  /** Name to show instead. */
  shadow: string | null;
  /** Null when the body could not be read. */
  args: Value | null;
  kwargs: Value | null;
  /** The three parts of a JSON body of protocol 2 exactly as sent, for sending them again. */
  json: { args: string; kwargs: string; embed: string } | null;
  /** Python-like texts of the arguments; their sender may have replaced them to hide data. */
  argsRepr: string | null;
  kwargsRepr: string | null;
  callbacks: Signature[];
  errbacks: Signature[];
  /** What follows in the chain, in execution order. */
  chain: Signature[];
  /** Body of the chord that this task is a part of. */
  chord: Signature | null;
  retries: number;
  etaAt: number | null;
  expiresAt: number | null;
  groupId: string | null;
  groupIndex: number | null;
  rootId: string | null;
  parentId: string | null;
  /** A retried or replaced task was sent from inside itself and names itself as parent; `parentId` is null then. */
  parentIsSelf: boolean;
  hardLimitMs: number | null;
  softLimitMs: number | null;
  /** Process that sent it first: `gen123@host`. */
  origin: string | null;
  /** Null when the message leaves it to the task (Celery 5.7). */
  ignoresResult: boolean | null;
  stamps: [string, Value][];
  /** Entry of django-celery-beat that sent it. */
  periodicTaskName: string | null;
  /** Whether beat sent it, told from Celery 5.7. */
  sentByBeat: boolean;
  /** As stored, which may be outside 0..9. */
  priority: number | null;
  deliveryTag: string | null;
  exchange: string | null;
  routingKey: string | null;
  redelivered: boolean;
  compression: string | null;
  /** `json`, `pickle`, `yaml`, `msgpack`, else the content type; of a signed message the inner one. */
  serializer: string | null;
  signed: boolean;
  /** Headers that the caller added. */
  customHeaders: [string, Value][];
  problems: string[];
  /** What a Python worker does with it. */
  effect: WorkerEffect;
};

/** Fails only when the text is no JSON object; all else is a message with problems. */
export function decodeTaskMessage(text: string, limits: BodyLimits = DEFAULT_BODY_LIMITS): Decoded<TaskMessage> {
  const envelope = decodeEnvelope(text);
  return envelope.ok ? decoded(readTaskMessage(envelope.value, limits)) : envelope;
}

export function readTaskMessage(envelope: Envelope, limits: BodyLimits = DEFAULT_BODY_LIMITS): TaskMessage {
  const payload = bodyPayload(envelope, limits);
  const body = payload.ok ? decodeSerialized(payload.value.contentType, payload.value.contentEncoding, payload.value.bytes) : payload;
  const problems: string[] = [];
  if (!body.ok) problems.push(body.reason);

  const headers = envelope.headers ?? {};
  const protocol = Object.hasOwn(headers, "task") ? 2 : 1;
  const value = body.ok ? body.value : null;
  // A body that is an object carries the fields itself, also under headers of protocol 2.
  const fields: Fields = protocol === 2 ? fromHeaders(headers) : fromBody(value);
  const parts = isDict(value) ? partsOfObject(value) : partsOfList(value);
  if (body.ok && parts === null) problems.push("the body is no list of arguments, keyword arguments and options");
  if (parts !== null && listOf(parts.args) === null) problems.push("the arguments are no list");
  if (parts !== null && !isDict(parts.kwargs)) problems.push("the keyword arguments are no object");
  if (parts !== null) problems.push(...embedProblems(parts.embed));

  const unknown = payload.ok && payload.value.contentType === "application/x-yaml" ? findUnknownType(value) : null;
  if (unknown !== null) problems.push(`the YAML holds a value of the type "${unknown}", which Kombu does not read`);

  const id = textField(fields("id"));
  if (id === null) problems.push("the message has no id");
  const name = textField(fields("task"));
  if (name === null) problems.push("the message names no task");
  const parentId = textField(fields("parent_id"));
  const parentIsSelf = parentId !== null && parentId === id;
  const [hard, soft] = limitsOf(fields("timelimit"));
  const time = (name: string) => {
    const text = fields(name) ?? null;
    const at = typeof text === "string" ? parseTime(text) : null;
    if (text !== null && at === null) problems.push(`${name} is no ISO 8601 time`);
    return at;
  };
  const etaAt = time("eta");
  const expiresAt = time("expires");

  const properties = envelope.properties ?? {};
  const info = isObject(properties["delivery_info"]) ? properties["delivery_info"] : {};
  const deliveryTag = textField(properties["delivery_tag"]);
  if (deliveryTag === null) problems.push("the message has no delivery_tag");
  const ignores = fields("ignore_result");
  problems.push(...fieldProblems(fields, properties));
  const exact = exactHeaders(envelope);

  return {
    envelope,
    protocol,
    id,
    name,
    shadow: textField(fields("shadow")),
    args: parts?.args ?? null,
    kwargs: parts?.kwargs ?? null,
    json: payload.ok && protocol === 2 ? jsonParts(payload.value) : null,
    argsRepr: textField(fields("argsrepr")),
    kwargsRepr: textField(fields("kwargsrepr")),
    callbacks: readSignatures(parts?.embed("callbacks")),
    errbacks: readSignatures(parts?.embed("errbacks")),
    chain: readSignatures(parts?.embed("chain")).reverse(),
    chord: readSignature(parts?.embed("chord")),
    retries: numberField(fields("retries")) ?? 0,
    etaAt,
    expiresAt,
    groupId: textField(fields("group")) ?? textField(fields("taskset")),
    groupIndex: numberField(fields("group_index")),
    rootId: textField(fields("root_id")),
    parentId: parentIsSelf ? null : parentId,
    parentIsSelf,
    hardLimitMs: hard,
    softLimitMs: soft,
    origin: textField(fields("origin")) ?? textField(properties["origin"]),
    ignoresResult: typeof ignores === "boolean" ? ignores : null,
    stamps: entriesOf(get(exact, "stamps")),
    periodicTaskName: textField(headers["periodic_task_name"]),
    sentByBeat: headers["celery_beat_task"] === true,
    priority: numberField(properties["priority"]),
    deliveryTag,
    exchange: textField(info["exchange"]),
    routingKey: textField(info["routing_key"]),
    redelivered: headers["redelivered"] === true || info["redelivered"] === true,
    compression: textField(headers["compression"]),
    serializer: serializerOf(payload.ok ? payload.value.contentType : envelope.contentType),
    signed: isSigned(envelope),
    customHeaders: entriesOf(exact).filter(([header]) => !KNOWN_HEADERS.has(header)),
    problems,
    effect: workerEffect({ ok: true, value: envelope }, body),
  };
}

const TEXTS = ["shadow", "root_id", "parent_id", "group", "argsrepr", "kwargsrepr", "origin"];

/** Fields of another type than expected count as absent. */
function fieldProblems(fields: Fields, properties: JsonObject): string[] {
  const isWrong = (value: unknown, isRight: (value: unknown) => boolean): boolean =>
    value !== undefined && value !== null && !isRight(value);
  const isCount = (value: unknown): boolean => typeof value === "number" && Number.isInteger(value) && value >= 0;
  return [
    ...TEXTS.filter((name) => isWrong(fields(name), (value) => typeof value === "string")).map((name) => `${name} is no text`),
    ...["retries", "group_index"].filter((name) => isWrong(fields(name), isCount)).map((name) => `${name} is no count`),
    ...(isWrong(fields("stamps"), isObject) ? ["stamps is no object"] : []),
    ...(isWrong(properties["priority"], (value) => numberField(value) !== null) ? ["priority is no number"] : []),
  ];
}

/** What is to follow the task, where it is no list of signatures. */
function embedProblems(embed: Parts["embed"]): string[] {
  return ["callbacks", "errbacks", "chain"]
    .filter((name) => {
      const value = embed(name) ?? null;
      return value !== null && readSignatures(value).length !== listOf(value)?.length;
    })
    .map((name) => `${name} is no list of signatures`);
}

const KNOWN_HEADERS = new Set(
  `lang task id shadow eta expires group group_index retries timelimit root_id parent_id argsrepr kwargsrepr origin
   ignore_result replaced_task_nesting stamped_headers stamps compression redelivered periodic_task_name
   celery_beat_task`.split(/\s+/),
);

/** A field by its name on the wire, which both protocols share. */
type Fields = (name: string) => unknown;

function fromHeaders(headers: { readonly [name: string]: unknown }): Fields {
  return (name) => (Object.hasOwn(headers, name) ? headers[name] : undefined);
}

function fromBody(body: Value): Fields {
  return (name) => {
    const value = get(body, name);
    return value === undefined ? undefined : plainValue(value);
  };
}

type Parts = { args: Value; kwargs: Value; embed: (name: string) => Value | undefined };

function partsOfList(body: Value): Parts | null {
  const [args, kwargs, embed] = listOf(body) ?? [];
  if (args === undefined || kwargs === undefined) return null;
  return { args, kwargs, embed: (name) => get(embed, name) };
}

function partsOfObject(body: Value): Parts {
  return { args: get(body, "args") ?? [], kwargs: get(body, "kwargs") ?? { $: "dict", items: [] }, embed: (name) => get(body, name) };
}

function jsonParts(payload: BodyPayload): TaskMessage["json"] {
  if (payload.contentType !== "application/json") return null;
  const parts = sliceJsonArray(Buffer.from(payload.bytes).toString("utf8"));
  const [args, kwargs, embed] = parts ?? [];
  if (args === undefined || kwargs === undefined || embed === undefined || parts?.length !== 3) return null;
  return { args, kwargs, embed };
}

/** `[hard, soft]` in seconds, in this order. */
function limitsOf(timelimit: unknown): [number | null, number | null] {
  if (!Array.isArray(timelimit)) return [null, null];
  const [hard, soft] = timelimit.map((seconds: unknown) => secondsToMs(seconds));
  return [hard ?? null, soft ?? null];
}

const SERIALIZERS = new Map([
  ["application/json", "json"],
  ["application/x-python-serialize", "pickle"],
  ["application/x-yaml", "yaml"],
  ["application/x-msgpack", "msgpack"],
]);

function serializerOf(contentType: string | null): string | null {
  return contentType === null ? null : (SERIALIZERS.get(contentType) ?? contentType);
}

/** The headers as a value without loss; read only when they hold something of the caller's, for it costs a second parse. */
function exactHeaders(envelope: Envelope): Value {
  const headers = envelope.headers ?? {};
  const stamps = headers["stamps"];
  const plain = Object.keys(headers).every((name) => KNOWN_HEADERS.has(name));
  if (plain && (!isObject(stamps) || Object.keys(stamps).length === 0)) return null;
  const json = decodeJson(envelope.raw);
  return (json.ok ? get(json.value, "headers") : undefined) ?? null;
}
