import {
  clampAt,
  FLAG_ARGS_CUT,
  FLAG_EXPIRED,
  FLAG_REQUEUED,
  FLAG_TERMINATED,
  type Event,
  type Payload,
  type TaskEvent,
  type TaskEventType,
  type WorkerEvent,
} from "../../model/event.ts";
import { defined } from "../../model/known.ts";
import type { WorkerData } from "../../model/worker.ts";
import type { CeleryEvent, TaskEvent as CeleryTaskEvent, WorkerBeat } from "../../wire/celery/event.ts";
import { readException } from "../../wire/celery/exception.ts";
import type { Runs } from "./runs.ts";

/** Celery's event in our words, or undefined for one that says nothing about a task or a worker (gossip's elections). */
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

function fromWorkerEvent(event: WorkerBeat, seenAt: number): WorkerEvent {
  const at = clampAt(event.at, seenAt);
  const data: WorkerData = defined({
    heartbeatMs: event.freqMs !== null && event.active !== null ? event.freqMs : undefined,
    active: event.active ?? undefined,
    processed: event.processed ?? undefined,
    loadavg: event.loadavg ?? undefined,
    software:
      event.swIdent === null ? undefined : `${event.swIdent} ${event.swVer ?? ""}${event.swSys === null ? "" : ` (${event.swSys})`}`,
    clockOffsetMs: Math.round(event.at - seenAt),
  });
  return {
    type: event.type === "worker-online" ? "worker.online" : event.type === "worker-offline" ? "worker.offline" : "worker.heartbeat",
    worker: event.hostname,
    at,
    seenAt,
    source: "event",
    details: JSON.stringify(data),
    ...defined({ pid: event.pid ?? undefined, clock: event.clock ?? undefined }),
  };
}

type Told = { type: TaskEventType; run: number; facts?: Partial<TaskEvent>; payload?: Payload };

function fromTaskEvent(event: CeleryTaskEvent, seenAt: number, runs: Runs): TaskEvent {
  const { type, run, facts, payload } = tell(event, runs);
  const bySender = event.type === "task-sent" ? { actor: event.hostname } : { worker: event.hostname };
  return {
    type,
    task: event.uuid,
    at: clampAt(event.at, seenAt),
    seenAt,
    source: "event",
    run,
    ...bySender,
    ...defined({ pid: event.pid ?? undefined, clock: event.clock ?? undefined }),
    ...facts,
    ...(payload === undefined ? {} : { payload }),
  };
}

function tell(event: CeleryTaskEvent, runs: Runs): Told {
  const { uuid, hostname } = event;
  switch (event.type) {
    case "task-sent": {
      const facts = defined({ ...describe(event), queue: event.queue ?? undefined });
      const payload = { ...argumentsOf(event), data: JSON.stringify({ exchange: event.exchange, routing_key: event.routingKey }) };
      return { type: "task.sent", run: runs.seen(uuid, event.retries ?? 0), facts, payload };
    }
    case "task-received":
      return {
        type: "task.received",
        run: runs.received(uuid, event.retries ?? 0, hostname),
        facts: describe(event),
        payload: argumentsOf(event),
      };
    case "task-started":
      return { type: "task.started", run: runs.started(uuid, hostname) };
    case "task-succeeded":
      return {
        type: "task.succeeded",
        run: runs.ended(uuid, hostname),
        facts: defined({ runtimeMs: event.runtimeMs ?? undefined }),
        ...(event.result === null ? {} : { payload: { result: event.result, resultForm: "repr" } }),
      };
    case "task-failed":
      return { type: "task.failed", run: runs.ended(uuid, hostname), ...failureOf(event.exception, event.traceback) };
    case "task-retried":
      return { type: "task.retried", run: runs.retried(uuid, hostname), ...failureOf(event.exception, event.traceback) };
    case "task-revoked":
      return {
        type: "task.revoked",
        run: runs.ended(uuid, hostname),
        facts: { flags: (event.expired ? FLAG_EXPIRED : 0) | (event.terminated ? FLAG_TERMINATED : 0) },
        ...(event.signum === null ? {} : { payload: { data: JSON.stringify({ signal: event.signum }) } }),
      };
    case "task-rejected":
      return { type: "task.rejected", run: runs.ended(uuid, hostname), facts: { flags: event.requeue ? FLAG_REQUEUED : 0 } };
    case "task-cancelled":
      return { type: "task.cancelled", run: runs.ended(uuid, hostname) };
    case "task-custom":
      return {
        type: "task.progress",
        run: runs.latest(uuid),
        facts: { state: event.subject.toUpperCase() },
        payload: { data: JSON.stringify(event.fields) },
      };
  }
}

type Description = Extract<CeleryTaskEvent, { type: "task-sent" | "task-received" }>;

function describe(event: Description): Partial<TaskEvent> {
  const isCut = /\.\.\./.test(event.args ?? "") || /\.\.\./.test(event.kwargs ?? "");
  return defined({
    name: event.name ?? undefined,
    parentId: event.parentId === event.uuid ? undefined : (event.parentId ?? undefined),
    rootId: event.rootId ?? undefined,
    retries: event.retries ?? undefined,
    etaAt: event.etaAt ?? undefined,
    expiresAt: event.expiresAt ?? undefined,
    flags: isCut ? FLAG_ARGS_CUT : undefined,
  });
}

function argumentsOf(event: Description): Payload {
  return defined({ args: event.args ?? undefined, kwargs: event.kwargs ?? undefined, argsForm: event.args === null ? undefined : "repr" });
}

function failureOf(exception: string | null, traceback: string | null): Pick<Told, "facts" | "payload"> {
  const { type, message } = readException(exception, traceback);
  return {
    facts: defined({ exceptionType: type === null ? undefined : className(type) }),
    payload: defined({ exception: exceptionText(type, message), traceback: traceback ?? undefined }),
  };
}

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
