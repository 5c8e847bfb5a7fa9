import { clampAt, type Event, type EventType, type Facts, type LogEvent, type Payload } from "../model/event.ts";
import { decoded, type Decoded, undecodable } from "../wire/decoded.ts";
import { EVENT_TYPES, FACTS, FORMS, keysOf, PAYLOAD } from "./facts.ts";

/** What only Perennial itself may say: an operator's action, and facts as they were known. */
const NOT_TOLD_BY_OTHERS: readonly EventType[] = ["task.acted", "task.known", "worker.known"];
const TYPES = new Map<unknown, EventType>(
  keysOf(EVENT_TYPES)
    .filter((type) => /^(task|worker)\./.test(type) && !NOT_TOLD_BY_OTHERS.includes(type))
    .map((type) => [type, type]),
);
const NOT_READ: readonly (keyof Facts)[] = [
  "run",
  "action",
  "rerunId",
  "step",
  "lastRun",
  "doubt",
  "doubtAt",
  "evidenceAt",
  "lastAt",
  "nameRank",
  "queueRank",
  "workerRank",
];
const FIELDS = keysOf(FACTS).filter((name) => !NOT_READ.includes(name));
const PAYLOAD_FIELDS = keysOf(PAYLOAD);
/** Names and ids are interned and kept; a longer one is a mistake or an attack. */
const LONGEST_WORD = 1_024;
const LONGEST_DETAILS = 65_536;
const SAMPLE_CHARACTERS = 1_000;

/** The events of some texts; what is none becomes one event more that counts them and shows the first. */
export function inboxEvents(texts: readonly string[], now: number): Event[] {
  const events: Event[] = [];
  let bad: { reason: string; text: string; count: number } | undefined;
  for (const text of texts) {
    const event = parseInboxEvent(text, now);
    if (event.ok) events.push(event.value);
    else bad = { reason: event.reason, text, ...bad, count: (bad?.count ?? 0) + 1 };
  }
  if (bad !== undefined) {
    const malformed: LogEvent = {
      type: "log.malformed",
      at: now,
      seenAt: now,
      source: "inbox",
      count: bad.count,
      details: JSON.stringify({ where: "inbox", reason: bad.reason, sample: bad.text.slice(0, SAMPLE_CHARACTERS) }),
    };
    events.push(malformed);
  }
  return events;
}

/**
 * An event that somebody else wrote, as JSON: `type` (of a task or a worker), `at` (epoch ms), `task` or `worker`, any other
 * facts of `lib/model/event.ts`, and a `payload`. Fields that we do not know are dropped; those that we know must be right.
 */
export function parseInboxEvent(text: string, now: number): Decoded<Event> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undecodable("not JSON");
  }
  if (!isRecord(json)) return undecodable("not an object");
  const type = TYPES.get(json["type"]);
  if (type === undefined) return undecodable(`type ${shown(json["type"])} is none that the inbox takes`);
  if (json["at"] !== undefined && !isNumber(json["at"])) return undecodable("at is not a number");

  const event: Record<string, unknown> = { type, at: clampAt(json["at"], now), seenAt: now, source: "inbox" };
  if (json["inferred"] === true) event["inferred"] = true;
  for (const name of FIELDS) {
    const value = json[name];
    if (value === undefined || value === null) continue;
    const kind = FACTS[name][1];
    const right = kind === "word" || kind === "id" ? isWord(value, name === "details" ? LONGEST_DETAILS : LONGEST_WORD) : isNumber(value);
    if (!right) return undecodable(`${name} is ${shown(value)}`);
    event[name] = value;
  }
  if (type.startsWith("task.")) {
    if (!isWord(json["task"], LONGEST_WORD) || json["task"] === "") return undecodable(`task is ${shown(json["task"])}`);
    event["task"] = json["task"];
  } else if (event["worker"] === undefined) {
    return undecodable("worker is missing");
  }
  const payload = parsePayload(json["payload"]);
  if (!payload.ok) return payload;
  if (payload.value !== undefined) event["payload"] = payload.value;
  return decoded(asEvent(event));
}

function parsePayload(json: unknown): Decoded<Payload | undefined> {
  if (json === undefined || json === null) return decoded(undefined);
  if (!isRecord(json)) return undecodable(`payload is ${shown(json)}`);
  const payload: Payload = {};
  for (const name of PAYLOAD_FIELDS) {
    const value = json[name];
    if (value === undefined || value === null) continue;
    switch (name) {
      case "argsForm":
      case "resultForm": {
        const form = FORMS.find((known) => known === value);
        if (form === undefined) return undecodable(`payload.${name} is ${shown(value)}`);
        payload[name] = form;
        break;
      }
      case "children":
        if (!isWords(value)) return undecodable("payload.children is no list of ids");
        payload.children = value;
        break;
      case "cut":
        // We say ourselves what we cut.
        break;
      default:
        if (typeof value !== "string") return undecodable(`payload.${name} is ${shown(value)}`);
        payload[name] = value;
    }
  }
  return decoded(payload);
}

/** Safe because the type, what that type must have, and each fact were checked above. */
function asEvent(event: Record<string, unknown>): Event {
  return event as unknown as Event;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isWord(value: unknown, longest: number): value is string {
  return typeof value === "string" && value.length <= longest;
}

function isWords(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => isWord(one, LONGEST_WORD));
}

function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 40)) : value === null ? "null" : typeof value;
}
