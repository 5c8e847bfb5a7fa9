import type { TaskRequest } from "../../lib/wire/celery/task-request.ts";
import { type Value, dict } from "../../lib/wire/python/value.ts";
import { formatTime } from "../../lib/wire/celery/time.ts";
import { fromJavaScript, toJavaScript } from "../../lib/wire/python/javascript.ts";
import { Ignore, PythonError, Retry } from "../errors.ts";
import type { LogEntry } from "../log.ts";
import { now } from "../now.ts";
import type { Signature } from "../producer/signature.ts";
import type { Run } from "./current.ts";
import { saferepr } from "../../lib/wire/python/saferepr.ts";
import { raisedException } from "./raised.ts";
import type { TaskOptions } from "./task-options.ts";

export interface RetryOptions {
  /** Seconds until it runs again. */
  countdown?: number;
  eta?: Date;
  /** Why; it is thrown when there are no more retries left. */
  cause?: unknown;
  args?: readonly unknown[];
  kwargs?: Record<string, unknown>;
  maxRetries?: number | null;
  queue?: string;
  priority?: number;
}

/** What a context needs of the application that runs it. */
export interface ContextActs {
  storeState(request: TaskRequest, state: string, meta: Value): Promise<void>;
  sendEvent(request: TaskRequest, type: string, fields: readonly [string, Value][]): void;
  replace(run: Run, signature: Signature): Promise<void>;
  addToChord(run: Run, signature: Signature): Promise<void>;
  log(entry: LogEntry): void;
}

/** What a task is told about its run, and what it can do in it. What it sends meanwhile becomes its child by itself. */
export class TaskContext {
  readonly request: TaskRequest;
  /** Fires when the task should end: its soft limit is over, somebody terminated it, or the worker shuts down cold. */
  readonly signal: AbortSignal;
  /** Name of the node. */
  readonly hostname: string;
  /** Named arguments, where the task does not say what its parameters are called. */
  readonly kwargs: Record<string, unknown>;
  readonly #run: Run;
  readonly #acts: ContextActs;
  readonly #options: Readonly<TaskOptions>;

  constructor(run: Run, signal: AbortSignal, options: Readonly<TaskOptions>, hostname: string, acts: ContextActs) {
    this.request = run.request;
    this.signal = signal;
    this.hostname = hostname;
    const rest = options.parameters === undefined ? run.request.kwargs : [];
    this.kwargs = Object.fromEntries(rest.map(([name, value]) => [name, toJavaScript(value)]));
    this.#run = run;
    this.#acts = acts;
    this.#options = options;
  }

  get id(): string {
    return this.request.id;
  }

  /** 0 for the first run. */
  get retries(): number {
    return this.request.retries;
  }

  get rootId(): string {
    return this.request.rootId ?? this.request.id;
  }

  get parentId(): string | null {
    return this.request.parentId;
  }

  get groupId(): string | null {
    return this.request.groupId;
  }

  get delivery(): { exchange: string; routingKey: string; priority: number | null; redelivered: boolean } {
    const { exchange, routingKey, priority, redelivered } = this.request;
    return { exchange, routingKey, priority, redelivered };
  }

  get headers(): Record<string, unknown> {
    return Object.fromEntries(this.request.headers.map(([name, value]) => [name, toJavaScript(value)]));
  }

  readonly log = {
    info: (text: string, about: Record<string, unknown> = {}) => this.#log("info", text, about),
    warning: (text: string, about: Record<string, unknown> = {}) => this.#log("warning", text, about),
    error: (text: string, about: Record<string, unknown> = {}) => this.#log("error", text, about),
  };

  #log(level: LogEntry["level"], text: string, about: Record<string, unknown>): void {
    this.#acts.log({ level, text, about: { ...about, task: this.request.name, id: this.request.id } });
  }

  /** Its result reads so until the task ends. */
  async updateState(state: string, meta: unknown): Promise<void> {
    if (!this.#run.ended) await this.#acts.storeState(this.request, state, known(meta));
  }

  /** The state PROGRESS, as most applications tell it. */
  async progress(current: number, total: number, text?: string): Promise<void> {
    await this.updateState("PROGRESS", { current, total, ...(text === undefined ? {} : { text }) });
  }

  /** An event of the application's own, such as `task-checkpoint`; sent even where task events are off. */
  sendEvent(type: `task-${string}`, fields: Record<string, unknown> = {}): void {
    if (!this.#run.ended)
      this.#acts.sendEvent(
        this.request,
        type,
        Object.entries(fields).map(([name, value]) => [name, known(value)]),
      );
  }

  /** Ends this run; the task runs again later, under the same id. Throws the cause when there are no more retries left. */
  retry(options: RetryOptions = {}): never {
    const { request } = this;
    const most =
      options.maxRetries === undefined ? (this.#options.maxRetries === undefined ? 3 : this.#options.maxRetries) : options.maxRetries;
    if (most !== null && request.retries >= most) {
      if (options.cause !== undefined) throw options.cause;
      const args = saferepr({ $: "tuple", items: request.args });
      const message = `Can't retry ${request.type}[${request.id}] args:${args} kwargs:${saferepr(dict(request.kwargs))}`;
      throw new PythonError("MaxRetriesExceededError", [message], "celery.exceptions");
    }
    const delay = options.countdown ?? this.#options.defaultRetryDelay ?? 180;
    const when = options.eta === undefined ? `in ${delay}s` : `at ${formatTime(options.eta.getTime()).replace("T", " ")}`;
    const why = options.cause === undefined ? "" : `: ${raisedException(options.cause).repr}`;
    throw new Retry(
      {
        etaAt: options.eta?.getTime() ?? (delay > 0 ? now() + delay * 1000 : null),
        ...(options.args === undefined ? {} : { args: options.args.map(known) }),
        ...(options.kwargs === undefined ? {} : { kwargs: Object.entries(options.kwargs).map(([name, value]) => [name, known(value)]) }),
        ...(options.queue === undefined ? {} : { queue: options.queue }),
        ...(options.priority === undefined ? {} : { priority: options.priority }),
      },
      `Retry ${when}${why}`,
      options.cause,
    );
  }

  /** Puts another call in this task's place: it gets the task's id, and all that was to follow follows it. Ends this run. */
  async replace(signature: Signature): Promise<never> {
    await this.#acts.replace(this.#run, signature);
    throw new Ignore();
  }

  /** Adds a part to the chord that this task is a part of. */
  async addToChord(signature: Signature): Promise<void> {
    await this.#acts.addToChord(this.#run, signature);
  }
}

function known(value: unknown): Value {
  const seen = fromJavaScript(value);
  if (!seen.ok) throw new PythonError("EncodeError", [seen.reason], "kombu.exceptions");
  return seen.value;
}
