/**
 * What Perennial learns, in one vocabulary for every kind of broker. An event is immutable and flat: **facts** are what
 * the fold reads (ids, times, interned words, small numbers), **payload** is what only a person reads (arguments, results,
 * tracebacks, raw messages). The log stores the two apart, so that replay never touches a payload.
 */

/** Who told us. `leader` is what Perennial itself concluded; an event of it is always marked `inferred`. */
export type Source = "event" | "result" | "queue" | "unacked" | "inspect" | "operator" | "leader" | "inbox";

export type TaskEventType =
  | "task.sent" // a producer published it
  | "task.received" // a worker took it
  | "task.started" // a pool slot accepted it
  | "task.progress" // a custom state; `state` names it
  | "task.retried" // this run is over, another will follow
  | "task.succeeded"
  | "task.failed"
  | "task.revoked"
  | "task.rejected"
  | "task.cancelled" // stopped by its worker after a lost connection or at a cold shutdown
  | "task.waiting" // its message was seen in a queue
  | "task.held" // a worker holds its message: unacked, or `inspect` says reserved or scheduled
  | "task.running" // `inspect` says active
  | "task.lost" // its worker died with it
  | "task.ended" // it is nowhere any more and nothing told the outcome
  | "task.known" // all facts of a task, written again before the events that told them are trimmed
  | "task.acted"; // an operator did something to it; `action` says what

export type WorkerEventType =
  | "worker.online"
  | "worker.heartbeat"
  | "worker.offline"
  | "worker.late" // no sign of life for longer than expected
  | "worker.lost" // and for so long that what it ran is lost
  | "worker.inspected" // what its answers to remote control, or the first words about its tasks, changed in what we know
  | "worker.known" // all facts of a worker, written again before the events that told them are trimmed
  | "worker.gone"; // forgotten after a long silence

export type LogEventType =
  | "log.gap" // events were lost between `fromAt` and `at`: `LogData` says why, `count` how many if that is known
  | "log.malformed"; // `count` things on the broker could not be read: `LogData` says where and why, `payload.raw` holds one

export type QueueEventType = "queue.sampled" | "redis.sampled";

export type EventType = TaskEventType | WorkerEventType | LogEventType | QueueEventType;

/** What only people read. Values are texts as the source gave them; `raw` and `data` are JSON texts. */
export interface Payload {
  /** Positional and keyword arguments: a Python repr (`argsForm: "repr"`) or JSON of a `Value` (`"value"`). */
  args?: string;
  kwargs?: string;
  argsForm?: "repr" | "value";
  /** Return value, or the state's own data for a custom state; as `resultForm` says. */
  result?: string;
  resultForm?: "repr" | "value";
  /** Text of the exception, one line or more, without its type's traceback. */
  exception?: string;
  traceback?: string;
  /** The broker message exactly as found. */
  raw?: string;
  /** Ids of the tasks that this one sent. */
  children?: string[];
  /** Everything else worth showing, as JSON text: headers, delivery info, command outcome, worker statistics. */
  data?: string;
  /** Fields that were stored cut, with the length and SHA-256 (first 16 hex digits) of the whole. */
  cut?: Record<string, { length: number; hash: string }>;
}

/** `details` of `log.gap` and `log.malformed`. */
export interface LogData {
  /** `events`, `queue celery`, `unacked`, `result`, `binding _kombu.binding.x` … */
  where: string;
  reason: string;
  /** The beginning of what could not be read. */
  sample?: string;
  /** A worker that takes it dies or loses its connection, and whoever takes it next as well, until somebody removes it. */
  poison?: boolean;
}

export interface Facts {
  /** Run of the task that this event belongs to: `runOf(retries, delivery)`. Stamped by the leader. */
  run?: number;
  name?: string;
  queue?: string;
  worker?: string;
  /** Name of a custom state. */
  state?: string;
  exceptionType?: string;
  /** What an operator did: `revoke`, `terminate`, `rerun`. */
  action?: string;
  /** Who did it, or the process that sent the message (`gen123@host`). */
  actor?: string;
  parentId?: string;
  rootId?: string;
  groupId?: string;
  /** The task that this one repeats, or that repeats this one (`task.acted` with action `rerun`). */
  rerunId?: string;
  retries?: number;
  priority?: number;
  pid?: number;
  /** Lamport clock of the emitter; of a result without a time of its own a digest of what it says. */
  clock?: number;
  runtimeMs?: number;
  etaAt?: number;
  expiresAt?: number;
  /** When the run began, in `inspect` replies and in `task.known`. */
  startedAt?: number;
  receivedAt?: number;
  sentAt?: number;
  endedAt?: number;
  /** Beginning of an interval that ends at `at`. */
  fromAt?: number;
  /** A sum of `FLAG_…`. */
  flags?: number;
  /** A count: of lost events, of malformed messages. */
  count?: number;
  /** JSON text of what the fold reads besides: `WorkerData` in worker events (all of it in `worker.known`), `LogData` in log events. */
  details?: string;
  /** Only in `task.known`: what else the row of the task holds. */
  step?: number;
  lastRun?: number;
  doubt?: string;
  doubtAt?: number;
  evidenceAt?: number;
  lastAt?: number;
  nameRank?: number;
  queueRank?: number;
  workerRank?: number;
}

interface EventOf<Type extends EventType> extends Facts {
  type: Type;
  /** When it happened, by the emitter's clock, clamped by `clampAt`. Epoch ms with microseconds as fraction. */
  at: number;
  /** When we heard of it, by the leader's clock: the order of the log. Epoch ms. */
  seenAt: number;
  source: Source;
  /** Concluded, not told. Shown as such. */
  inferred?: boolean;
  payload?: Payload;
}

export interface TaskEvent extends EventOf<TaskEventType> {
  task: string;
}

export interface WorkerEvent extends EventOf<WorkerEventType> {
  worker: string;
}

export interface QueueEvent extends EventOf<QueueEventType> {
  queue: string;
}

export interface LogEvent extends EventOf<LogEventType> {}

export type Event = TaskEvent | WorkerEvent | QueueEvent | LogEvent;

/** The message expired, so the task was revoked. */
export const FLAG_EXPIRED = 1;
/** The running task was terminated. */
export const FLAG_TERMINATED = 2;
/** A rejected message went back to its queue. */
export const FLAG_REQUEUED = 4;
/** The message was delivered before. */
export const FLAG_REDELIVERED = 8;
/** A revoke command stored this state; no worker has dropped the task yet. */
export const FLAG_REVOKE_PROMISED = 16;
/** The task's result is not stored. */
export const FLAG_IGNORES_RESULT = 32;
/** A schedule sent it. */
export const FLAG_SCHEDULED_BY_BEAT = 64;
/** Retries were used up. */
export const FLAG_EXHAUSTED = 128;
/** The arguments that the events carry are cut. */
export const FLAG_ARGS_CUT = 256;

export function isTaskEvent(event: Event): event is TaskEvent {
  return event.type.startsWith("task.");
}

export function isWorkerEvent(event: Event): event is WorkerEvent {
  return event.type.startsWith("worker.");
}

/** Deliveries of one attempt that are told apart; more than this share the last number. */
export const DELIVERIES_PER_RETRY = 64;

/** One execution of a task: attempts count up with each retry, deliveries with each time one attempt's message is taken again. */
export function runOf(retries: number, delivery: number): number {
  return retries * DELIVERIES_PER_RETRY + Math.min(delivery, DELIVERIES_PER_RETRY - 1);
}

export function retriesOf(run: number): number {
  return Math.floor(run / DELIVERIES_PER_RETRY);
}

const EARLIEST_AT = Date.UTC(2000, 0, 1);
const AHEAD_MS = 24 * 3_600_000;

/**
 * A time that may be believed: epoch ms between the year 2000 and one day after `seenAt`, else `seenAt` itself. Emitters'
 * clocks are wrong by hours in practice and by millennia in attacks; neither may move a bucket or a chart.
 */
export function clampAt(at: number | undefined, seenAt: number): number {
  if (at === undefined || !Number.isFinite(at) || at < EARLIEST_AT || at > seenAt + AHEAD_MS) return seenAt;
  return Math.round(at * 1000) / 1000;
}
