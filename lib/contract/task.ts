import { z } from "zod";
import { At, Ms, Scope, Total, Words } from "./common.ts";

export const TIME_FIELDS = ["last", "sent", "received", "started", "ended"] as const;
export const SORT_FIELDS = [
  "last",
  "sent",
  "received",
  "started",
  "ended",
  "name",
  "state",
  "queue",
  "worker",
  "run",
  "wait",
  "retries",
] as const;
export type SortField = (typeof SORT_FIELDS)[number];

const Sort = z
  .string()
  .regex(new RegExp(`^-?(${SORT_FIELDS.join("|")})$`), `one of ${SORT_FIELDS.join(", ")}, with "-" in front for descending`);

/** Which tasks: answered from rows alone but for `q`, whose free words and `args:`, `result:` … search payloads. */
export const TaskFilter = Scope.extend({
  state: Words.describe("States, comma separated; custom states by their name"),
  name: Words.describe("Task names; `*` stands for any text"),
  queue: Words,
  worker: Words,
  exception: Words.describe("Exception types, with or without their module"),
  parent: z.string().optional().describe("Id of the task that sent them"),
  root: z.string().optional(),
  group: z.string().optional(),
  time: z.enum(TIME_FIELDS).optional().describe("Which time the window is about; `last` when left out"),
  runMin: z.coerce.number().optional().describe("Shortest run time, ms"),
  runMax: z.coerce.number().optional(),
  q: z.string().max(2_000).optional().describe("Filter text: Flower's words with AND, OR, NOT, parentheses and quotes"),
});
export type TaskFilter = z.infer<typeof TaskFilter>;

export const TaskListQuery = TaskFilter.extend({
  sort: Sort.optional(),
  cursor: z.string().optional().describe("`next` of the page before"),
  limit: z.coerce.number().int().min(1).max(1_000).optional(),
});
export type TaskListQuery = z.infer<typeof TaskListQuery>;

export const TaskRow = z.object({
  id: z.string(),
  name: z.string().nullable(),
  state: z.string(),
  queue: z.string().nullable(),
  worker: z.string().nullable(),
  retries: z.number().int(),
  priority: z.number().nullable(),
  sentAt: At.nullable(),
  receivedAt: At.nullable(),
  startedAt: At.nullable(),
  endedAt: At.nullable(),
  etaAt: At.nullable(),
  lastAt: At,
  /** Sent (or due, or received where sending was not told) to started. */
  waitMs: Ms.nullable(),
  /** As the worker measured it, else started to ended, else started until now. */
  runMs: Ms.nullable(),
  exceptionType: z.string().nullable(),
  /** One line: the exception, the progress, or the result. */
  what: z.string().nullable(),
  /** The state was concluded, not told. */
  inferred: z.boolean(),
  /** Why the state is what it is, where its name does not say: `expired`, `terminated`, `requeued`, `exhausted`, `revoke promised`. */
  tag: z.string().nullable(),
});
export type TaskRow = z.infer<typeof TaskRow>;

export const TaskList = z.object({
  tasks: z.array(TaskRow),
  total: Total,
  /** Matches by state, over all pages. */
  byState: z.record(z.string(), z.number().int()),
  /**
   * Cursor of the next page, or null at the end. A search gives out what it has found in time: its page may hold fewer rows than
   * asked for, even none, and still have a next one.
   */
  next: z.string().nullable(),
  /** How the filter text was understood, or null without one. */
  understood: z.string().nullable(),
});
export type TaskList = z.infer<typeof TaskList>;

/** One task of one broker. */
export const TaskAddress = Scope.pick({ broker: true }).extend({ id: z.string().min(1) });
export type TaskAddress = z.infer<typeof TaskAddress>;

/** A text from the broker with where it came from. `form` says whether it is a Python repr, or JSON of a `Value`. */
export const Told = z.object({
  text: z.string(),
  form: z.enum(["repr", "value"]),
  source: z.string().describe("queue, unacked, result, inspect, event …"),
  at: At,
  /** The whole is longer: cut by the sender or by us. */
  cut: z.boolean(),
  length: z.number().int().nullable(),
});
export type Told = z.infer<typeof Told>;

export const Attempt = z.object({
  /** 0 for the first. */
  retries: z.number().int(),
  /** How many times this attempt's message was delivered before. */
  delivery: z.number().int(),
  state: z.string(),
  worker: z.string().nullable(),
  pid: z.number().nullable(),
  queue: z.string().nullable(),
  sentAt: At.nullable(),
  receivedAt: At.nullable(),
  startedAt: At.nullable(),
  endedAt: At.nullable(),
  etaAt: At.nullable(),
  runMs: Ms.nullable(),
  exception: z.string().nullable(),
  exceptionType: z.string().nullable(),
  traceback: z.string().nullable(),
  inferred: z.boolean(),
});
export type Attempt = z.infer<typeof Attempt>;

export const TimelineEntry = z.object({
  /** Address of the event: `<epoch>:<ordinal>`. */
  address: z.string(),
  type: z.string(),
  at: At,
  seenAt: At,
  source: z.string(),
  inferred: z.boolean(),
  retries: z.number().int().nullable(),
  worker: z.string().nullable(),
  /** What it says, as one plain sentence. */
  text: z.string(),
  /** All facts and payload of the event as JSON text. */
  raw: z.string(),
});
export type TimelineEntry = z.infer<typeof TimelineEntry>;

export const RelatedTask = z.object({ id: z.string(), name: z.string().nullable(), state: z.string() });
export type RelatedTask = z.infer<typeof RelatedTask>;

/** What can be done to this task, and why not where not. */
export const Ability = z.object({ possible: z.boolean(), reason: z.string().nullable() });

export const TaskDetail = z.object({
  row: TaskRow,
  /** What happened, as one sentence. */
  story: z.string(),
  attempts: z.array(Attempt),
  timeline: z.array(TimelineEntry),
  args: Told.nullable(),
  kwargs: Told.nullable(),
  result: Told.nullable(),
  exception: z.object({ type: z.string().nullable(), text: z.string() }).nullable(),
  traceback: z.string().nullable(),
  /** The broker message as found, with where. */
  message: z.object({ raw: z.string(), source: z.string(), at: At }).nullable(),
  parent: RelatedTask.nullable(),
  root: RelatedTask.nullable(),
  children: z.array(RelatedTask),
  groupId: z.string().nullable(),
  rerunOf: RelatedTask.nullable(),
  rerunAs: z.array(RelatedTask),
  expiresAt: At.nullable(),
  abilities: z.object({ revoke: Ability, terminate: Ability, rerun: Ability }),
});
export type TaskDetail = z.infer<typeof TaskDetail>;

/** Where the arguments of a rerun would come from, most trusted first. */
export const RerunDraft = z.object({
  id: z.string(),
  name: z.string().nullable(),
  queue: z.string().nullable(),
  priority: z.number().nullable(),
  /** JSON texts in the form that Celery's JSON serializer reads; null when the arguments are not known whole. */
  args: z.string().nullable(),
  kwargs: z.string().nullable(),
  source: z.string().nullable(),
  /** Why this source and not a better one; or why there is none. */
  reason: z.string(),
});
export type RerunDraft = z.infer<typeof RerunDraft>;

export const RerunRequest = z.object({
  /** JSON text of a list. Left out: as the draft says. */
  args: z.string().optional(),
  /** JSON text of an object. */
  kwargs: z.string().optional(),
  queue: z.string().min(1).optional(),
  confirm: z.literal(true),
});
export type RerunRequest = z.infer<typeof RerunRequest>;

export const RevokeRequest = z.object({
  terminate: z.boolean().optional().describe("Kill the process that runs it; can take neighbours down"),
  signal: z.enum(["SIGTERM", "SIGKILL", "SIGINT", "SIGUSR1", "SIGQUIT"]).optional(),
  confirm: z.literal(true),
});
export type RevokeRequest = z.infer<typeof RevokeRequest>;

export const ActOutcome = z.object({
  /** What was done, as a sentence. */
  message: z.string(),
  /** The new task of a rerun. */
  id: z.string().nullable(),
});
export type ActOutcome = z.infer<typeof ActOutcome>;
