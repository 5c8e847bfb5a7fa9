import type { EventType, Facts, Payload, Source } from "../model/event.ts";

/**
 * How a fact is written. `word`: from a small set that repeats. `id`: mostly UUIDs, repeated within a few events. `time`: near
 * the event's own `at`. `duration`: ms with a fraction. `count`: a small number. `clock`: grows from event to event.
 */
export type FactKind = "word" | "id" | "time" | "duration" | "count" | "clock";

/**
 * Every fact with the number that it has in stored segments, for ever: a number is never used again for something else. The
 * compiler holds this table to the model. A fact added here is skipped by older readers.
 */
export const FACTS = {
  run: [1, "count"],
  name: [2, "word"],
  queue: [3, "word"],
  worker: [4, "word"],
  state: [5, "word"],
  exceptionType: [6, "word"],
  action: [7, "word"],
  actor: [8, "word"],
  parentId: [9, "id"],
  rootId: [10, "id"],
  groupId: [11, "id"],
  rerunId: [12, "id"],
  retries: [13, "count"],
  priority: [14, "count"],
  pid: [15, "count"],
  clock: [16, "clock"],
  runtimeMs: [17, "duration"],
  etaAt: [18, "time"],
  expiresAt: [19, "time"],
  startedAt: [20, "time"],
  receivedAt: [21, "time"],
  sentAt: [22, "time"],
  endedAt: [23, "time"],
  fromAt: [24, "time"],
  flags: [25, "count"],
  count: [26, "count"],
  details: [27, "word"],
  step: [28, "count"],
  lastRun: [29, "count"],
  doubt: [30, "word"],
  doubtAt: [31, "time"],
  evidenceAt: [32, "time"],
  lastAt: [33, "time"],
  nameRank: [34, "count"],
  queueRank: [35, "count"],
  workerRank: [36, "count"],
} as const satisfies Record<keyof Facts, readonly [code: number, kind: FactKind]>;

/** Stored numbers of the types of events. A new one needs a new format version: older readers cannot skip an event. */
export const EVENT_TYPES = {
  "task.sent": 1,
  "task.received": 2,
  "task.started": 3,
  "task.progress": 4,
  "task.retried": 5,
  "task.succeeded": 6,
  "task.failed": 7,
  "task.revoked": 8,
  "task.rejected": 9,
  "task.cancelled": 10,
  "task.waiting": 11,
  "task.held": 12,
  "task.running": 13,
  "task.lost": 14,
  "task.ended": 15,
  "task.known": 16,
  "task.acted": 17,
  "worker.online": 32,
  "worker.heartbeat": 33,
  "worker.offline": 34,
  "worker.late": 35,
  "worker.lost": 36,
  "worker.inspected": 37,
  "worker.gone": 38,
  "worker.known": 39,
  "log.gap": 48,
  "log.malformed": 49,
  "queue.sampled": 64,
  "redis.sampled": 65,
} as const satisfies Record<EventType, number>;

export const SOURCES = {
  event: 1,
  result: 2,
  queue: 3,
  unacked: 4,
  inspect: 5,
  operator: 6,
  leader: 7,
  inbox: 8,
} as const satisfies Record<Source, number>;

/** How a payload's field is written; its place in this list is its bit in the mask of a stored event. */
export const PAYLOAD = {
  args: "text",
  kwargs: "text",
  argsForm: "form",
  result: "text",
  resultForm: "form",
  exception: "text",
  traceback: "text",
  raw: "text",
  children: "list",
  data: "text",
  cut: "cut",
} as const satisfies Record<keyof Payload, "text" | "form" | "list" | "cut">;

/** The payload's fields that are one text each. */
export const TEXT_FIELDS = [
  "args",
  "kwargs",
  "result",
  "exception",
  "traceback",
  "raw",
  "data",
] as const satisfies readonly (keyof Payload)[];

export const FORMS = ["repr", "value"] as const;

/** The keys of a record of ours, typed. Safe for the constant tables above, which have no others. */
export function keysOf<Key extends string>(table: Readonly<Record<Key, unknown>>): Key[] {
  return Object.keys(table) as Key[];
}
