import { type Decoded, decoded, undecodable } from "../decoded.ts";
import { DEFAULT_BODY_LIMITS, decodeBody, decodeEnvelope } from "./envelope.ts";
import { type JsonObject, isObject, numberField, textField } from "./fields.ts";
import { plainValue } from "./plain-value.ts";
import { parseTime, secondsToMs } from "./time.ts";

/** What every event carries. */
type EventBase = {
  /** Node name; of `task-sent` the client, `gen123@host`. */
  hostname: string;
  /** Epoch ms with microseconds as fraction, by the sender's clock. Absolute: `utcoffset` plays no part. */
  at: number;
  pid: number | null;
  /** Lamport clock of the sender; meaningless in `task-sent`. */
  clock: number | null;
};

type TaskEventBase = EventBase & { uuid: string };

type TaskDescription = {
  name: string | null;
  /** Python-like texts, perhaps cut; `""` when the message carried none, null with protocol 1. */
  args: string | null;
  kwargs: string | null;
  rootId: string | null;
  parentId: string | null;
  retries: number | null;
  etaAt: number | null;
  expiresAt: number | null;
};

export type TaskSent = TaskEventBase &
  TaskDescription & {
    type: "task-sent";
    /** Null when it was sent by explicit exchange and routing key. */
    queue: string | null;
    exchange: string | null;
    routingKey: string | null;
  };
export type TaskReceived = TaskEventBase & TaskDescription & { type: "task-received" };
export type TaskStarted = TaskEventBase & { type: "task-started" };
export type TaskSucceeded = TaskEventBase & {
  type: "task-succeeded";
  /** Python-like text, cut near 1024 characters. */
  result: string | null;
  /** Null when the pool process died after it stored the result (Celery 5.7). */
  runtimeMs: number | null;
};
/** `exception` is a repr and can be useless; `readException` makes type and message of both. */
export type TaskFailed = TaskEventBase & {
  type: "task-failed" | "task-retried";
  exception: string | null;
  /** Null for an unregistered task. */
  traceback: string | null;
};
/** Both flags false is a plain revoke. */
export type TaskRevoked = TaskEventBase & {
  type: "task-revoked";
  terminated: boolean;
  /** A number, or a name when the dying process reported it. */
  signum: number | string | null;
  expired: boolean;
};
export type TaskRejected = TaskEventBase & { type: "task-rejected"; requeue: boolean };
export type TaskCancelled = TaskEventBase & { type: "task-cancelled" };
/** `Task.send_event`, from the pool process: its own `pid`, and a `clock` that starts at 1. */
export type TaskCustom = TaskEventBase & {
  type: "task-custom";
  /** What follows `task-`: `progress`. */
  subject: string;
  fields: JsonObject;
};

export type WorkerBeat = EventBase & {
  type: "worker-online" | "worker-heartbeat" | "worker-offline";
  freqMs: number | null;
  /** The following three are null in the heartbeat that was asked for by remote control. */
  active: number | null;
  processed: number | null;
  /** Over 1, 5 and 15 minutes. */
  loadavg: number[] | null;
  swIdent: string | null;
  swVer: string | null;
  swSys: string | null;
};

/** Every other group and subject, gossip's elections among them. */
export type OtherEvent = EventBase & { type: "other"; name: string; fields: JsonObject };

export type TaskEvent =
  | TaskSent
  | TaskReceived
  | TaskStarted
  | TaskSucceeded
  | TaskFailed
  | TaskRevoked
  | TaskRejected
  | TaskCancelled
  | TaskCustom;

export type CeleryEvent = TaskEvent | WorkerBeat | OtherEvent;

export type EventBatch = {
  events: CeleryEvent[];
  /** Why elements of the message were left out, one sentence each. */
  problems: string[];
};

/**
 * The events in one message of an event channel: one object, or the list that a worker publishes under `task.multi`,
 * which may be empty. An element that is no event costs none of its neighbours. (Celery 5.2 to 5.7)
 */
export function decodeEvents(channelPayload: string): Decoded<EventBatch> {
  const body = decodeEventBody(channelPayload);
  if (!body.ok) return body;
  const { content, hostname } = body.value;
  const batch: EventBatch = { events: [], problems: [] };
  if (!Array.isArray(content)) collect(content, hostname, batch);
  else for (const element of content) collect(element, hostname, batch);
  return decoded(batch);
}

/** This path is walked tens of thousands of times a second, so it goes straight for what every Celery sends. */
function decodeEventBody(text: string): Decoded<{ content: unknown; hostname: string | null }> {
  const json = parseNatively(text);
  if (json !== undefined && isPlainJsonMessage(json)) {
    const content = parseNatively(Buffer.from(json.body, "base64").toString("utf8"));
    if (content !== undefined) return decoded({ content, hostname: hostnameOf(json.headers) });
  }
  return decodeSlowly(text);
}

/** Other serializers (`event_serializer`), NaN in a custom event, other encodings, and whatever is broken. */
function decodeSlowly(text: string): Decoded<{ content: unknown; hostname: string | null }> {
  const envelope = decodeEnvelope(text);
  if (!envelope.ok) return envelope;
  const body = decodeBody(envelope.value, DEFAULT_BODY_LIMITS);
  if (!body.ok) return undecodable(`an event message cannot be read: ${body.reason}`);
  return decoded({ content: plainValue(body.value), hostname: hostnameOf(envelope.value.headers) });
}

function isPlainJsonMessage(json: unknown): json is { body: string; headers: unknown } {
  if (!isObject(json) || typeof json["body"] !== "string" || json["content-type"] !== "application/json") return false;
  const { headers, properties } = json;
  if (!isObject(properties) || properties["body_encoding"] !== "base64") return false;
  return !isObject(headers) || headers["compression"] === undefined;
}

function parseNatively(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function hostnameOf(headers: unknown): string | null {
  return isObject(headers) ? textField(headers["hostname"]) : null;
}

function collect(element: unknown, sender: string | null, batch: EventBatch): void {
  const event = readEvent(element, sender);
  if (typeof event === "string") batch.problems.push(event);
  else batch.events.push(event);
}

/** The event, or the sentence that says why it is none. */
function readEvent(json: unknown, sender: string | null): CeleryEvent | string {
  if (!isObject(json)) return "an event is no object";
  const type = json["type"];
  if (typeof type !== "string" || type === "" || type === "task-") return "an event has no type";
  const at = secondsToMs(json["timestamp"]);
  if (at === null) return `an event ${shown(type)} has no timestamp`;
  const hostname = textField(json["hostname"]) ?? sender;
  if (hostname === null) return `an event ${shown(type)} has no hostname`;
  const base = { hostname, at, pid: numberField(json["pid"]), clock: numberField(json["clock"]) };
  if (type.startsWith("task-")) {
    const uuid = json["uuid"];
    if (typeof uuid !== "string" || uuid === "") return `an event ${shown(type)} has no uuid`;
    return readTaskEvent(type, json, { ...base, uuid });
  }
  switch (type) {
    case "worker-online":
    case "worker-heartbeat":
    case "worker-offline":
      return {
        ...base,
        type,
        freqMs: secondsToMs(json["freq"]),
        active: numberField(json["active"]),
        processed: numberField(json["processed"]),
        loadavg: numbersField(json["loadavg"]),
        swIdent: textField(json["sw_ident"]),
        swVer: textField(json["sw_ver"]),
        swSys: textField(json["sw_sys"]),
      };
    default:
      return { ...base, type: "other", name: type, fields: ownFields(json) };
  }
}

function readTaskEvent(type: string, json: JsonObject, base: TaskEventBase): TaskEvent {
  switch (type) {
    case "task-sent":
      return {
        ...base,
        type,
        ...description(json),
        queue: textField(json["queue"]),
        exchange: textField(json["exchange"]),
        routingKey: textField(json["routing_key"]),
      };
    case "task-received":
      return { ...base, type, ...description(json) };
    case "task-started":
    case "task-cancelled":
      return { ...base, type };
    case "task-succeeded":
      return { ...base, type, result: shownText(json["result"]), runtimeMs: secondsToMs(json["runtime"]) };
    case "task-failed":
    case "task-retried":
      return {
        ...base,
        type,
        exception: shownText(json["exception"]),
        traceback: textField(json["traceback"]),
      };
    case "task-revoked":
      return {
        ...base,
        type,
        terminated: json["terminated"] === true,
        signum: numberField(json["signum"]) ?? textField(json["signum"]),
        expired: json["expired"] === true,
      };
    case "task-rejected":
      return { ...base, type, requeue: json["requeue"] === true };
    default:
      return { ...base, type: "task-custom", subject: type.slice("task-".length), fields: ownFields(json) };
  }
}

function description(json: JsonObject): TaskDescription {
  return {
    name: textField(json["name"]),
    args: shownText(json["args"]),
    kwargs: shownText(json["kwargs"]),
    rootId: textField(json["root_id"]),
    parentId: textField(json["parent_id"]),
    retries: numberField(json["retries"]),
    etaAt: timeField(json["eta"]),
    expiresAt: timeField(json["expires"]),
  };
}

/** A text for people. Senders other than Celery put the value itself here. */
function shownText(value: unknown): string | null {
  if (typeof value === "string") return value;
  return value === null || value === undefined ? null : JSON.stringify(bounded(value, 0));
}

function timeField(value: unknown): number | null {
  return typeof value === "string" ? parseTime(value) : null;
}

function numbersField(value: unknown): number[] | null {
  if (!Array.isArray(value)) return null;
  const numbers = value.map(numberField).filter((number) => number !== null);
  return numbers.length === value.length ? numbers : null;
}

const COMMON_FIELDS = new Set(["type", "hostname", "timestamp", "utcoffset", "pid", "clock", "uuid"]);

/** What an event carries besides the fields of all events. */
function ownFields(json: JsonObject): JsonObject {
  const fields = Object.entries(json).filter(([name]) => !COMMON_FIELDS.has(name));
  return Object.fromEntries(fields.map(([name, value]) => [name, bounded(value, 0)]));
}

const MAX_DEPTH = 50;

/** The value without what nests so deep that writing it as JSON could exhaust the stack. */
function bounded(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth === MAX_DEPTH) return "…";
  if (Array.isArray(value)) return value.map((item) => bounded(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, bounded(item, depth + 1)]));
}

/** The type of a rejected event for a message to people, without its length. */
function shown(type: string): string {
  return JSON.stringify(type.slice(0, 60));
}
