import type { WorkerInspection } from "../contract/worker.ts";
import type { QueueMessages, HeldMessage } from "../contract/queue.ts";
import type { Event } from "../model/event.ts";
import type { Step } from "../model/task.ts";
import type { Worker } from "../model/worker.ts";
import type { Sample } from "../log/log.ts";

/** What can be asked of a kind of broker. Screens and routes look here before they offer something. */
export interface Abilities {
  revokeQueued: boolean;
  terminateRunning: boolean;
  rerun: boolean;
  peekQueue: boolean;
  workerControl: boolean;
  results: boolean;
  progress: boolean;
}

/** What a broker needs to know of what is already known. Answered from the view. */
export interface Known {
  /** Undefined when the task was never heard of. */
  task(id: string): KnownTask | undefined;
  /**
   * A page of the tasks whose end nobody has told yet, and which nothing has shown alive since a moment. The first begins at
   * 0; `next` is where the one after it begins, null at the end. A million of them must not keep anybody from the last one.
   */
  unfinished(silentSince: number, from: number, limit: number): { tasks: KnownTask[]; next: number | null };
  workers(): Iterable<Worker>;
  /** Spans in which events were not heard, the latest of them. */
  gaps(): Iterable<{ fromAt: number; at: number }>;
}

export interface KnownTask {
  id: string;
  state: string;
  step: Step;
  /** The highest run that is known. */
  run: number;
  /** Whether a worker told that it received that run. */
  received: boolean;
  started: boolean;
  /** When its producer published it, if that was told. */
  sentAt: number | undefined;
  /** When something last showed it alive, by our clock. */
  evidenceAt: number;
  worker: string | undefined;
  name: string | undefined;
  queue: string | undefined;
}

/** Takes what was heard, in the order in which it was heard. Never blocks the caller and never throws. */
export type Sink = (events: Event[]) => void;

/** A task that a rerun sends. `args` and `kwargs` are JSON texts, inserted as they are. */
export interface Publication {
  id: string;
  name: string;
  queue: string;
  priority: number;
  args: string;
  kwargs: string;
}

/** Where a message was found. */
export interface FoundMessage {
  raw: string;
  place: "queue" | "unacked";
  queue: string | null;
  takenAt: number | null;
}

/** One watched system: the only code that knows both its words and ours. */
export interface Broker {
  readonly name: string;
  readonly kind: "celery";
  /** The URL without its password. */
  readonly displayUrl: string;
  readonly abilities: Abilities;

  /** Hear events and results until the signal fires; reconnects by itself, and tells gaps as `log.gap`. On every replica. */
  collect(sink: Sink, signal: AbortSignal): Promise<void>;
  /** Whether the subscription stands, and since when, for health and for the screen. */
  connection(): { connected: boolean; since: number; problem: string | null };

  /** Ask workers and stores what nobody tells, until the signal fires. On the leader only. */
  survey(sink: Sink, signal: AbortSignal): Promise<void>;
  /** Depths, ages and Redis' own state, and the messages that came into sight. On the leader only. */
  sample(now: number): Promise<{ sample: Sample; events: Event[] }>;

  /** Read waiting messages; nothing is taken. */
  peekQueue(queue: string, options: { priority?: number; offset: number; limit: number }): Promise<QueueMessages>;
  /** Messages taken and not acknowledged, oldest first. */
  held(limit: number): Promise<{ messages: HeldMessage[]; total: number }>;
  /** The message of one task, if it is still in a queue or unacknowledged; looks at no more than `maxBytes`. */
  findMessage(task: string, queue: string | undefined, maxBytes: number): Promise<FoundMessage | undefined>;

  /** Ask one worker everything, all at once; parts that did not come in time are null. */
  inspectWorker(worker: string, timeoutMs: number): Promise<WorkerInspection>;

  /** Broadcast a revoke and, for a waiting message, remove it and store the state. Answers a sentence. */
  revoke(task: string, options: { terminate: boolean; signal: string; queue: string | undefined }): Promise<string>;
  publish(publication: Publication): Promise<void>;

  close(): Promise<void>;
}
