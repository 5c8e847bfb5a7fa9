import { AppError } from "../lib/errors.ts";
import { asAppError } from "../lib/redis.ts";
import { decodeSavedGroup } from "../lib/wire/celery/group.ts";
import type { ResultTuple } from "../lib/wire/celery/result-tuple.ts";
import type { Value } from "../lib/wire/python/value.ts";
import type { BeatSchedule } from "./beat/entry.ts";
import { Bindings } from "./broker/bindings.ts";
import { Connections } from "./connections.ts";
import { EventPublisher } from "./events/event-publisher.ts";
import { LamportClock } from "./events/lamport-clock.ts";
import { Publisher } from "./producer/publisher.ts";
import { type ExtraOptions, type SendContext, sendSignature } from "./producer/send-signature.ts";
import { SENDER } from "./producer/sender.ts";
import type { Signature } from "./producer/signature.ts";
import { Task } from "./producer/task.ts";
import type { AnyResult, ResultActs } from "./results/any-result.ts";
import { AsyncResult } from "./results/async-result.ts";
import { ChordSizes } from "./results/chord-sizes.ts";
import { GroupResult } from "./results/group-result.ts";
import { resultOf } from "./results/result-of.ts";
import { ResultListener } from "./results/result-listener.ts";
import { ResultStore } from "./results/result-store.ts";
import { Worker, type WorkerOptions } from "./run/worker.ts";
import { type CeleryOptions, type Settings, settingsOf } from "./settings.ts";
import { registerBuiltins } from "./task/builtins.ts";
import { currentRun } from "./task/current.ts";
import { type Handler, runHandler } from "./task/handler.ts";
import { TaskRegistry } from "./task/registry.ts";
import type { TaskOptions } from "./task/task-options.ts";

/** A Celery application on Redis: its tasks, what sends them, and the workers that run them. Nothing is opened before it is needed. */
export class Celery {
  readonly settings: Settings;
  readonly tasks = new TaskRegistry();
  readonly clock = new LamportClock();
  /** What a beat sends again and again, by names (Celery's `beat_schedule`). Without it a beat runs what stands in Redis. */
  beatSchedule?: BeatSchedule;
  readonly connections: Connections;
  readonly publisher: Publisher;
  readonly #chords: ChordSizes;
  readonly #listener: ResultListener;
  readonly #results: ResultStore;
  #bindings: Bindings | null = null;
  #events: EventPublisher | null = null;

  constructor(options: CeleryOptions) {
    this.settings = settingsOf(options);
    this.connections = new Connections(this.settings.broker, this.settings.backend);
    const { keys, defaultQueue, resultExpiresMs, log } = this.settings;
    const { origin } = SENDER;
    const redis = () => this.connections.backend;
    this.publisher = new Publisher({
      redis: () => this.connections.broker,
      bindings: () => this.bindings,
      keys,
      defaultQueue,
      taskOptions: (name) => this.tasks.messageDefaults(name),
      sender: SENDER,
      events: () => (this.settings.sendSentEvents ? this.#sentEvents(origin) : null),
    });
    this.#chords = new ChordSizes(redis, keys, resultExpiresMs);
    this.#listener = new ResultListener({ subscriber: () => this.connections.results, redis, keys, log });
    this.#results = new ResultStore({ redis, keys, expiresMs: resultExpiresMs, extended: false, hostname: origin, log });
    registerBuiltins(this.tasks);
  }

  /** Defines a task, to be sent from here and run by this application's workers. Throws when the name is taken. */
  task<Args extends readonly unknown[], Result>(
    name: string,
    handler: Handler<Args, Result>,
    options: TaskOptions = {},
  ): Task<Args, Awaited<Result>> {
    const own = { ...this.settings.taskDefaults, ...options };
    this.tasks.add(name, own, runHandler(handler, own));
    return this.remoteTask<Args, Awaited<Result>>(name);
  }

  /** A task that is defined elsewhere, to be sent by its name. */
  remoteTask<Args extends readonly unknown[] = unknown[], Result = unknown>(name: string): Task<Args, Result> {
    return new Task<Args, Result>(name, (signature, args, options) => this.deliver(signature, args, options));
  }

  /** Sends a signature of any kind, as `deliver` does, whose result is that of one task. */
  async send<Result = unknown>(signature: Signature, args: readonly Value[] = [], extra: ExtraOptions = {}): Promise<AsyncResult<Result>> {
    const sent = await this.deliver(signature, args, extra);
    return new AsyncResult<Result>(sent.id, this.#acts, sent.parent);
  }

  /**
   * Sends a signature of any kind. Inside a task it becomes that task's child. Rejects with `bad-input` for what cannot be sent,
   * `unavailable` when Redis does not answer.
   */
  async deliver(signature: Signature, args: readonly Value[] = [], extra: ExtraOptions = {}): Promise<AnyResult> {
    const run = currentRun();
    const parent = run === undefined ? {} : { parent_id: run.request.id, root_id: run.request.rootId ?? run.request.id };
    const sent = await sendSignature(this.sendContext, signature, args, { ...parent, ...extra });
    if (run?.ended === false) run.children.push(sent.trail);
    return this.#acts.resultOf(sent.result);
  }

  /** The result of a task whose id is known. */
  result<Result = unknown>(id: string): AsyncResult<Result> {
    return new AsyncResult<Result>(id, this.#acts);
  }

  /** A group's results that were saved (`GroupResult.save`), here or in Python; null when there are none under the id. */
  async restoreGroup<Results extends readonly unknown[] = readonly unknown[]>(groupId: string): Promise<GroupResult<Results> | null> {
    const redis = this.connections.backend;
    const bytes = await redis.getBuffer(this.settings.keys.result.group(groupId)).catch((error: unknown) => {
      throw asAppError(redis, error);
    });
    if (bytes === null) return null;
    const saved = decodeSavedGroup(bytes);
    if (!saved.ok) throw new AppError("bad-input", saved.reason);
    return new GroupResult<Results>(saved.value, this.#acts);
  }

  /** A worker for this application's tasks; `run` begins. */
  worker(options: WorkerOptions = {}): Worker {
    return new Worker(this, options);
  }

  /** Ends all connections. What waits for a result rejects. */
  close(): void {
    this.connections.close();
    this.#bindings = null;
  }

  get bindings(): Bindings {
    this.#bindings ??= new Bindings(this.connections.broker, this.settings.keys);
    return this.#bindings;
  }

  get sendContext(): SendContext {
    return { publisher: this.publisher, chords: this.#chords };
  }

  /** Tells all workers not to run these. */
  async revoke(taskIds: string[], options: { terminate?: boolean; signal?: string } = {}): Promise<void> {
    const { terminate = false, signal = "SIGTERM" } = options;
    const command = { method: "revoke" as const, arguments: { task_id: taskIds, terminate, signal } };
    const { broadcast } = await import("./control/broadcast.ts"); // with what checks commands it takes 10 MB
    await broadcast(this.connections.broker, this.settings.keys, this.clock, command);
  }

  readonly #acts: ResultActs = {
    read: (taskId) => this.#results.read(taskId),
    wait: (taskId, signal) => this.#listener.wait(taskId, signal),
    forget: async (taskId) => void (await this.connections.backend.del(this.settings.keys.result.task(taskId))),
    revoke: (taskIds, options) => this.revoke(taskIds, options),
    saveGroup: (group) => this.#chords.saveHeader(group),
    deleteGroup: async (groupId) => void (await this.connections.backend.del(this.settings.keys.result.group(groupId))),
    resultOf: (tuple: ResultTuple) => resultOf(tuple, this.#acts),
  };

  #sentEvents(origin: string): EventPublisher {
    const { keys, log } = this.settings;
    this.#events ??= new EventPublisher({ hostname: origin, redis: () => this.connections.broker, keys, clock: this.clock, log });
    return this.#events;
  }
}
