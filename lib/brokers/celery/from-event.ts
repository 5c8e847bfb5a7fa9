import {
  clampAt,
  FLAG_ARGS_CUT,
  FLAG_EXHAUSTED,
  FLAG_EXPIRED,
  FLAG_REQUEUED,
  FLAG_TERMINATED,
  type Event,
  type Payload,
  type TaskEvent,
  type WorkerEvent,
} from "../../model/event.ts";
import { defined } from "../../model/known.ts";
import type { WorkerData } from "../../model/worker.ts";
import type { CeleryEvent, TaskEvent as CeleryTaskEvent, WorkerBeat } from "../../wire/celery/event.ts";
import { readException } from "../../wire/celery/exception.ts";
import { boundedId, boundedWord } from "./bounded.ts";
import { boundedRetries, type Runs } from "./runs.ts";

/**
 * Celery's event in our words, or undefined for one that says nothing about a task or a worker (gossip's elections) or
 * names them by a text too long to be a name. Tens of thousands come in a second: properties are set one by one, because
 * copying and filtering objects costs more than all the rest.
 */
export function fromEvent(event: CeleryEvent, seenAt: number, runs: Runs): Event | undefined {
  switch (event.type) {
    case "worker-online":
    case "worker-heartbeat":
    case "worker-offline":
      return fromWorkerEvent(event, seenAt);
    case "other":
      return undefined;
    default:
      return fromTaskEvent(event, seenAt, runs);
  }
}

function fromWorkerEvent(event: WorkerBeat, seenAt: number): WorkerEvent | undefined {
  const worker = boundedId(event.hostname);
  if (worker === undefined) return undefined;
  const system = event.swSys === null ? "" : ` (${event.swSys})`;
  const data: WorkerData = defined({
    // The heartbeat that was asked for names a frequency of its own and tells nothing else.
    heartbeatMs: event.freqMs !== null && event.active !== null ? event.freqMs : undefined,
    active: event.active ?? undefined,
    processed: event.processed ?? undefined,
    loadavg: event.loadavg ?? undefined,
    software: event.swIdent === null ? undefined : boundedWord(`${event.swIdent} ${event.swVer ?? ""}${system}`),
    clockOffsetMs: Math.round(event.at - seenAt),
  });
  return {
    type: event.type === "worker-online" ? "worker.online" : event.type === "worker-offline" ? "worker.offline" : "worker.heartbeat",
    worker,
    at: clampAt(event.at, seenAt),
    seenAt,
    source: "event",
    details: JSON.stringify(data),
    ...defined({ pid: event.pid ?? undefined, clock: event.clock ?? undefined }),
  };
}

function fromTaskEvent(event: CeleryTaskEvent, seenAt: number, runs: Runs): TaskEvent | undefined {
  const task = boundedId(event.uuid);
  const sender = boundedId(event.hostname);
  if (task === undefined || sender === undefined) return undefined;
  const told: TaskEvent = { type: "task.sent", task, at: clampAt(event.at, seenAt), seenAt, source: "event", run: 0 };
  if (event.type === "task-sent") told.actor = sender;
  else told.worker = sender;
  if (event.pid !== null) told.pid = event.pid;
  if (event.clock !== null) told.clock = event.clock;
  tell(told, event, sender, runs);
  return told;
}

function tell(told: TaskEvent, event: CeleryTaskEvent, sender: string, runs: Runs): void {
  const { task, seenAt } = told;
  switch (event.type) {
    case "task-sent":
      told.run = runs.sent(task, event.retries ?? 0, seenAt);
      describe(told, event);
      if (event.queue !== null) told.queue = boundedWord(event.queue);
      (told.payload ??= {}).data = JSON.stringify({ exchange: event.exchange, routing_key: event.routingKey });
      break;
    case "task-received":
      told.type = "task.received";
      told.run = runs.received(task, event.retries ?? 0, sender, seenAt);
      describe(told, event);
      break;
    case "task-started":
      told.type = "task.started";
      told.run = runs.started(task, sender, seenAt);
      break;
    case "task-succeeded":
      told.type = "task.succeeded";
      told.run = runs.ended(task, sender, seenAt);
      if (event.runtimeMs !== null) told.runtimeMs = event.runtimeMs;
      if (event.result !== null) told.payload = { result: event.result, resultForm: "repr" };
      break;
    case "task-failed":
      told.type = "task.failed";
      told.run = runs.ended(task, sender, seenAt);
      tellFailure(told, event.exception, event.traceback);
      if (told.exceptionType === EXHAUSTED) told.flags = FLAG_EXHAUSTED;
      break;
    case "task-retried":
      told.type = "task.retried";
      told.run = runs.retried(task, sender, seenAt);
      tellFailure(told, event.exception, event.traceback);
      break;
    case "task-revoked":
      told.type = "task.revoked";
      told.run = runs.ended(task, sender, seenAt);
      told.flags = (event.expired ? FLAG_EXPIRED : 0) | (event.terminated ? FLAG_TERMINATED : 0);
      if (event.signum !== null) told.payload = { data: JSON.stringify({ signal: event.signum }) };
      break;
    case "task-rejected":
      told.type = "task.rejected";
      told.run = runs.ended(task, sender, seenAt);
      told.flags = event.requeue ? FLAG_REQUEUED : 0;
      break;
    case "task-cancelled":
      told.type = "task.cancelled";
      told.run = runs.cancelled(task, sender, seenAt);
      break;
    case "task-custom":
      told.type = "task.progress";
      told.run = runs.latest(task, undefined, seenAt);
      told.state = boundedWord(event.subject.toUpperCase());
      told.payload = { data: JSON.stringify(event.fields) };
      break;
  }
}

function describe(told: TaskEvent, event: Extract<CeleryTaskEvent, { type: "task-sent" | "task-received" }>): void {
  if (event.name !== null) told.name = boundedWord(event.name);
  if (event.retries !== null) told.retries = boundedRetries(event.retries);
  // A retried task was sent from inside itself and names itself as parent.
  const parent = event.parentId === event.uuid ? undefined : boundedId(event.parentId);
  if (parent !== undefined) told.parentId = parent;
  const root = boundedId(event.rootId);
  if (root !== undefined) told.rootId = root;
  if (event.etaAt !== null) told.etaAt = event.etaAt;
  if (event.expiresAt !== null) told.expiresAt = event.expiresAt;
  if (event.args?.includes("...") === true || event.kwargs?.includes("...") === true) told.flags = FLAG_ARGS_CUT;
  // A message without `argsrepr` gives events with empty texts, which say nothing.
  const payload: Payload = {};
  if (event.args) payload.args = event.args;
  if (event.kwargs) payload.kwargs = event.kwargs;
  if (!event.args && !event.kwargs) return;
  payload.argsForm = "repr";
  told.payload = payload;
}

function tellFailure(told: TaskEvent, exception: string | null, traceback: string | null): void {
  const { type, message } = readException(exception, traceback);
  if (type !== null) told.exceptionType = boundedWord(className(type));
  told.payload = { exception: exceptionText(type, message) };
  if (traceback !== null) told.payload.traceback = traceback;
}

/** What Celery raises when a task retries once too often and gives no cause. */
export const EXHAUSTED = "MaxRetriesExceededError";

/**
 * The class without its module, because sources differ in whether they tell the module: `tasks.Outer.Nested` → `Outer.Nested`.
 * Modules are written small and classes large, as a rule; where nothing is large the last part is the class.
 */
export function className(type: string): string {
  const parts = type.split(".");
  const first = parts.findIndex((part) => /^_*\p{Lu}/u.test(part));
  return parts.slice(first < 0 ? -1 : first).join(".");
}

export function exceptionText(type: string | null, message: string): string {
  if (type === null) return message;
  return message === "" ? type : `${type}: ${message}`;
}
