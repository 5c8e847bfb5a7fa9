import type { Decoded } from "../decoded.ts";
import { type Value, get, isTagged } from "../python/value.ts";
import { decodeJson } from "../serialize/json.ts";
import { type Envelope, decodeBody, isSigned, transportBytes } from "./envelope.ts";
import { type JsonObject, isObject } from "./fields.ts";
import { parseTime } from "./time.ts";
import { isDict, listOf, textOf } from "./value-fields.ts";

/** What happens to a Python worker that takes a message. */
export type Reaction =
  /** It is run, or at least nothing in its form stops that. */
  | "runs"
  /** Acknowledged without a result. As a rule without an event too; some defects show events up to `task-started`. */
  | "deleted"
  /** The worker's process ends, the message is lost. */
  | "crash"
  /** The process ends, the message is restored, and the next worker that takes it ends too. */
  | "crash-loop"
  /** The worker reconnects once, the message is lost. */
  | "reconnect"
  /** The worker takes it, reconnects, restores and takes it again several times a second, and does nothing else. */
  | "reconnect-loop";

/** Reactions by the worker's release. Celery 5.2 and 5.3 come with Kombu before 5.4, which knows one body encoding less. */
export type WorkerEffect = {
  upTo53: Reaction;
  upTo56: Reaction;
  from57: Reaction;
  /** What is wrong with the message, or null. */
  defect: string | null;
};

const RUNS: WorkerEffect = { upTo53: "runs", upTo56: "runs", from57: "runs", defect: null };

/**
 * What a message does to Python workers, as far as its form decides. Seen on Celery 5.2, 5.6 and 5.7. Not decided here:
 * whether a worker knows the task, which serializers and compressions it accepts, and whether it has a certificate for a
 * signed message; a worker that is not set up for those crashes on them as on a body that is no list.
 */
export function workerEffect(
  envelope: Decoded<Envelope>,
  body: Decoded<Value> = envelope.ok ? decodeBody(envelope.value) : envelope,
): WorkerEffect {
  if (!envelope.ok) return always("crash", envelope.reason);
  return transportEffect(envelope.value) ?? taskEffect(envelope.value, body) ?? RUNS;
}

/** The effect as one sentence for an operator, or null when the message runs everywhere. */
export function describeEffect(effect: WorkerEffect): string | null {
  if (effect.defect === null) return null;
  const old = REACTIONS[effect.upTo56];
  const ofNew = REACTIONS[effect.from57];
  if (effect.upTo53 !== effect.upTo56) {
    return `${effect.defect}: a worker of Celery 5.2 or 5.3 that takes the message ${REACTIONS[effect.upTo53]}; a later one ${old}`;
  }
  if (effect.upTo56 === effect.from57) return `${effect.defect}: a worker that takes the message ${old}`;
  return `${effect.defect}: a worker up to Celery 5.6 that takes the message ${old}; one from 5.7 ${ofNew}`;
}

const REACTIONS: Record<Reaction, string> = {
  runs: "runs it",
  deleted: "deletes it without a result",
  crash: "crashes, and the message is lost",
  "crash-loop": "crashes, the message is restored, and the next worker crashes too",
  reconnect: "loses its connection once, and the message is lost",
  "reconnect-loop": "goes into an endless reconnect loop and does nothing else until the message is removed",
};

function always(reaction: Reaction, defect: string): WorkerEffect {
  return { upTo53: reaction, upTo56: reaction, from57: reaction, defect };
}

function byRelease(upTo56: Reaction, from57: Reaction, defect: string): WorkerEffect {
  return { upTo53: upTo56, upTo56, from57, defect };
}

/** What Kombu's transport needs, before Celery sees the message. */
function transportEffect({ raw, properties, body }: Envelope): WorkerEffect | null {
  if (raw.includes('"__type__"')) {
    const message = decodeJson(raw);
    const unknown = message.ok ? findUnknownType(message.value) : null;
    if (unknown !== null) return sinceKombuTypes("crash", `the message holds a value of the unknown type "${unknown}"`);
  }
  if (properties === null) return byRelease("crash", "reconnect", "the message has no properties");
  if (body !== null && body !== "") {
    const bytes = transportBytes(body, properties["body_encoding"] ?? null);
    if (!bytes.ok) return always("crash", bytes.reason);
  }
  if (!Object.hasOwn(properties, "delivery_tag")) return byRelease("crash", "reconnect", "the message has no delivery_tag");
  const info = properties["delivery_info"] ?? {};
  if (!isObject(info)) return always("crash", "the message's delivery_info is no object");
  if (!Object.hasOwn(info, "exchange") || !Object.hasOwn(info, "routing_key")) {
    return byRelease("crash", "reconnect", "the message's delivery_info has no exchange or no routing_key");
  }
  return null;
}

/** Kombu 5.2 has no types of its own in JSON and takes their objects for ordinary ones; Celery 5.2 comes with it. */
function sinceKombuTypes(reaction: Reaction, defect: string): WorkerEffect {
  return always(reaction, `${defect}, which Kombu refuses from 5.3 on unless the application registered it`);
}

function taskEffect(envelope: Envelope, body: Decoded<Value>): WorkerEffect | null {
  const { headers } = envelope;
  if (headers === null || !Object.hasOwn(headers, "task")) return protocol1Effect(body);
  if (isObject(headers["task"]) || Array.isArray(headers["task"])) return always("crash-loop", "the name of the task is no text");
  if (!Object.hasOwn(headers, "id")) return byRelease("crash-loop", "reconnect-loop", NO_ID);
  return bodyEffect(envelope, body) ?? fieldsEffect(headers) ?? encodingEffect(envelope);
}

const NO_ID = "the message names a task but has no id";

function protocol1Effect(body: Decoded<Value>): WorkerEffect | null {
  if (!body.ok) return always("deleted", body.reason);
  if (get(body.value, "task") === undefined) {
    return always("deleted", "the message names no task, neither in its headers nor in its body");
  }
  if (textOf(get(body.value, "id")) === null) {
    const hasArgs = get(body.value, "args") !== undefined;
    return hasArgs ? always("deleted", NO_ID) : byRelease("crash-loop", "reconnect-loop", NO_ID);
  }
  const kwargs = get(body.value, "kwargs");
  return kwargs === undefined || isDict(kwargs) ? null : always("deleted", "the keyword arguments are no object");
}

function bodyEffect(envelope: Envelope, body: Decoded<Value>): WorkerEffect | null {
  if (envelope.contentType === null) return always("crash-loop", "the message has no content-type");
  if (envelope.body === null || envelope.body === "") return always("crash-loop", "the message has no body");
  if (!body.ok) return isPlainlyJson(envelope) ? always("deleted", body.reason) : null;
  const unknown = isPlainlyJson(envelope) ? findUnknownType(body.value) : null;
  if (unknown !== null) return sinceKombuTypes("deleted", `the body holds a value of the unknown type "${unknown}"`);
  if (isDict(body.value) && get(body.value, "args") !== undefined) return null;
  const parts = listOf(body.value);
  if (parts === null) return always("crash-loop", "the body is no list of arguments, keyword arguments and options");
  if (parts.length !== 3) return always("crash-loop", `the body has ${parts.length} parts instead of 3`);
  const [, kwargs, embed] = parts;
  if (!isDict(kwargs)) return always("deleted", "the keyword arguments are no object");
  return isDict(embed) || isFalsy(embed) ? null : always("deleted", "the options in the body are no object");
}

/** What counts as nothing in Python. */
function isFalsy(value: Value | undefined): boolean {
  return value === null || value === false || value === 0 || value === "" || (Array.isArray(value) && value.length === 0);
}

/** Whether a body that we cannot read is surely one that no worker can read either. */
function isPlainlyJson(envelope: Envelope): boolean {
  return envelope.contentType === "application/json" && !isSigned(envelope) && !envelope.headers?.["compression"];
}

function fieldsEffect(headers: JsonObject): WorkerEffect | null {
  const { id, timelimit } = headers;
  if (typeof id !== "string" || id === "") return always("deleted", "the id of the task is no text");
  if (Array.isArray(timelimit) ? timelimit.length !== 2 && timelimit.length !== 0 : Boolean(timelimit) && !isObject(timelimit)) {
    return always("crash-loop", "the header timelimit is no pair of limits");
  }
  for (const name of ["eta", "expires"]) {
    const time = headers[name] ?? null;
    if (time !== null && (typeof time !== "string" || parseTime(time) === null)) {
      return always("deleted", `the header ${name} is no ISO 8601 time`);
    }
  }
  return null;
}

function encodingEffect({ properties, body }: Envelope): WorkerEffect | null {
  if (body === null || properties?.["body_encoding"] !== "utf-8") return null;
  return { ...RUNS, upTo53: "crash", defect: 'the property body_encoding is "utf-8", which Kombu knows since 5.4' };
}

/** A `__type__` that Kombu does not know by itself: the JSON decoder leaves an object of that type. */
export function findUnknownType(value: Value): string | null {
  const pending: Value[] = [value];
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    if (Array.isArray(item)) for (const inner of item) pending.push(inner);
    else if (isTagged(item) && item.$ === "object") return item.type;
    else if (isTagged(item) && item.$ === "dict") for (const [, inner] of item.items) pending.push(inner);
  }
  return null;
}
