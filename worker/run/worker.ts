import { availableParallelism, hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { reasonOf } from "../../lib/errors.ts";
import { disconnect } from "../../lib/redis.ts";
import { get } from "../../lib/wire/python/value.ts";
import { numberOf } from "../../lib/wire/celery/value-fields.ts";
import { Channel } from "../broker/channel.ts";
import { sweep } from "../broker/sweep.ts";
import type { Celery } from "../celery.ts";
import { Consumer } from "../consumer/consumer.ts";
import type { HeldTask } from "../consumer/held-task.ts";
import { Prefetch } from "../consumer/prefetch.ts";
import { RateLimits } from "../consumer/rate-limits.ts";
import { WorkerState } from "../consumer/worker-state.ts";
import { Gossip } from "../control/gossip.ts";
import { revokedIds } from "../control/inspect-commands.ts";
import { ControlListener } from "../control/listener.ts";
import type { Node } from "../control/node.ts";
import { EventDispatcher } from "../events/dispatcher.ts";
import { EventPublisher } from "../events/event-publisher.ts";
import { Heart } from "../events/heart.ts";
import { Pulse } from "../events/pulse.ts";
import { logFailure } from "../log.ts";
import { asyncPool } from "../pool/async-pool.ts";
import type { Pool, PoolFactory } from "../pool/pool.ts";
import { sendSignature } from "../producer/send-signature.ts";
import { readSignature } from "../producer/signature.ts";
import { ChordParts } from "../results/chord-parts.ts";
import { ResultStore } from "../results/result-store.ts";
import { applicationExecutor } from "./application-executor.ts";
import { Autoscaler } from "./autoscaler.ts";
import { Finish } from "./finish.ts";
import { FollowUp } from "./follow-up.ts";
import { Runner } from "./runner.ts";
import { Settlement } from "./settle.ts";

export interface WorkerOptions {
  /** The application's default queue by default. */
  queues?: readonly string[];
  /** How many tasks run at once; as many as there are processors by default. */
  concurrency?: number;
  /** Where they run: in this process by default. */
  pool?: PoolFactory;
  /** `name@host`; `%h` stands for the host. */
  hostname?: string;
  /** Whether events tell of tasks from the start, as `-E` does. */
  taskEvents?: boolean;
  /** How many messages are held for each slot; 4 by default, 0 without end. */
  prefetchMultiplier?: number;
  heartbeatMs?: number;
  heartbeat?: boolean;
  gossip?: boolean;
  mingle?: boolean;
  /** The pool grows and shrinks between these. */
  autoscale?: { max: number; min: number };
  /** Limits of tasks that have none, in seconds. */
  timeLimit?: number;
  softTimeLimit?: number;
  /** Whether remote control may restart the pool. */
  poolRestarts?: boolean;
}

const HEARTBEAT_MS = 2_000;
const SWEEP_MS = 100_000;
const BIND_MS = 20 * 60_000;
const MINGLE_MS = 1_000;
const COLD_MS = 5_000;

/** A worker: takes messages, runs their tasks, answers remote control. One `run` each. */
export class Worker {
  readonly hostname: string;
  readonly #app: Celery;
  readonly #options: WorkerOptions;

  constructor(app: Celery, options: WorkerOptions) {
    this.#app = app;
    this.#options = options;
    this.hostname = (options.hostname ?? "celery@%h").replaceAll("%h", hostname()).replaceAll("%n", "celery");
  }

  /**
   * Runs until the signal fires, or remote control says so. Then what runs is finished, and what waits is given back; when `cold` fires
   * what runs is given up. Resolves when the worker is gone.
   */
  async run(signal: AbortSignal, cold: AbortSignal = NEVER): Promise<void> {
    const parts = this.#assemble();
    const { node, consumer, runner, pool, heart, listener, dispatcher, duties, close } = parts;
    const { log, keys } = this.#app.settings;
    const stop = AbortSignal.any([signal, parts.shutdown]);
    const timers: NodeJS.Timeout[] = [];
    try {
      await pool.start();
      await heart?.start();
      if (this.#options.mingle ?? true) await this.#mingle(node);
      await listener.start();
      for (const { everyMs, work, what } of duties) {
        logFailure(log, what, work());
        timers.push(setInterval(() => logFailure(log, what, work()), everyMs));
      }
      node.autoscaler?.start();
      log({ level: "info", text: `${this.hostname} ready`, about: { queues: consumer.queues } });
      await consumer.run(stop);
      await runner.giveBackWaiting();
      await Promise.race([runner.idle(), fired(cold)]);
      // Redis may be away, and then nothing can be given back.
      if (cold.aborted) await Promise.race([runner.abandonActive(), delay(COLD_MS)]);
    } finally {
      for (const timer of timers) clearInterval(timer);
      node.autoscaler?.stop();
      await pool.stop();
      await this.#app.bindings.removeNode(this.hostname).catch(() => {}); // stale names are known to happen
      await this.#app.bindings.removeListener().catch(() => {});
      await dispatcher.settled();
      await heart?.stop();
      close();
      log({ level: "info", text: `${this.hostname} ended`, about: { keys: keys.options.db } });
    }
  }

  #assemble() {
    const app = this.#app;
    const { settings, clock, connections, bindings } = app;
    const { keys, log, resultExpiresMs, resultExtended, visibilityTimeoutMs } = settings;
    const { hostname: name } = this;
    const { concurrency = availableParallelism(), prefetchMultiplier = 4, autoscale } = this.#options;
    const size = autoscale?.min ?? concurrency;
    const redis = () => connections.backend;
    const shutdown = new AbortController();
    const publisher = new EventPublisher({ hostname: name, redis: () => connections.broker, keys, clock, log });
    const dispatcher = new EventDispatcher(publisher, { taskEvents: this.#options.taskEvents ?? false });
    const results = new ResultStore({ redis, keys, expiresMs: resultExpiresMs, extended: resultExtended, hostname: name, log });
    const chords = new ChordParts({ redis, keys, expiresMs: resultExpiresMs, results, log });
    const send = app.sendContext;
    const followUp = new FollowUp({ send, results, chords, revoke: (ids) => app.revoke(ids), log });
    const prefetch = new Prefetch(size * prefetchMultiplier);
    const channel = new Channel(connections.broker, keys, bindings);
    const settlement = new Settlement(channel, prefetch, log);
    const tell = (task: HeldTask, type: string, fields: Parameters<EventDispatcher["send"]>[1]) => {
      if (task.task.options.sendEvents ?? true) dispatcher.send(type, [["uuid", task.request.id], ...fields]);
    };
    const finish = new Finish({ results, followUp, settlement, publisher: app.publisher, tell, log });
    const state = new WorkerState();
    const pulse = new Pulse();
    const execute = applicationExecutor(app, name);
    const pool: Pool = (this.#options.pool ?? asyncPool)({ size: Math.max(1, size), execute, hostname: name, log });
    const rateLimits = new RateLimits();
    const runner = new Runner({
      hostname: name,
      tasks: app.tasks,
      state,
      prefetch,
      rateLimits,
      pool,
      pulse,
      finish,
      settlement,
      results,
      limits: { hard: this.#options.timeLimit ?? null, soft: this.#options.softTimeLimit ?? null },
      tell,
      log,
    });
    const connect = () => connections.brokerListener("worker-queue");
    const consumer = new Consumer(this.#options.queues ?? [settings.defaultQueue], {
      redis: connections.broker,
      connect,
      keys,
      bindings,
      prefetch,
      log,
      receive: (taken) => runner.receive(taken),
    });
    const gossip =
      (this.#options.gossip ?? true) ? new Gossip({ publisher, clock, elected: (topic, action) => this.#elected(topic, action) }) : null;
    const autoscaler =
      autoscale === undefined ? null : new Autoscaler({ pool, prefetch, state, multiplier: prefetchMultiplier, ...autoscale });
    const node: Node = {
      hostname: name,
      settings,
      tasks: app.tasks,
      state,
      pool,
      consumer,
      prefetch,
      prefetchMultiplier,
      dispatcher,
      clock,
      runner,
      results,
      autoscaler,
      gossip,
      log,
      poolRestarts: this.#options.poolRestarts ?? false,
      shutdown: () => shutdown.abort(),
    };
    const subscriber = connections.brokerListener("worker-control");
    const listener = new ControlListener(node, { subscriber, redis: connections.broker, bindings });
    const heart =
      (this.#options.heartbeat ?? true)
        ? new Heart({
            broker: settings.broker,
            keys: keys.options,
            hostname: name,
            intervalMs: this.#options.heartbeatMs ?? HEARTBEAT_MS,
            clock,
            pulse,
            log,
          })
        : null;
    const bind = async () => {
      await bindings.redeclare();
      await bindings.declareNode(name);
      if (gossip !== null) await bindings.declareListener();
    };
    // A connection that was lost may come back to a Redis that has forgotten everything.
    subscriber.on("ready", () => logFailure(log, "the node was not bound", bind()));
    const duties = [
      { everyMs: BIND_MS, what: "the node was not bound", work: bind },
      {
        everyMs: SWEEP_MS,
        what: "what others lost was not looked for",
        work: () => sweep(connections.broker, keys, channel, visibilityTimeoutMs),
      },
      {
        everyMs: Math.max(500, Math.min(visibilityTimeoutMs / 4, 60_000)),
        what: "what is held was not held on to",
        work: () => channel.prolong(state.tasks.filter(({ isSettled }) => !isSettled).map(({ held }) => held.tag)),
      },
    ];
    const close = () => disconnect(subscriber);
    return { node, consumer, runner, pool, heart, listener, dispatcher, duties, close, shutdown: shutdown.signal };
  }

  /** Asks the other workers what is revoked, and for their clocks, as Celery's do when they start. */
  async #mingle({ state, clock, log }: Node): Promise<void> {
    const redis = this.#app.connections.brokerListener("worker-mingle");
    const command = { method: "hello" as const, arguments: { from_node: this.hostname, revoked: state.revoked.list() } };
    try {
      const { askAll } = await import("../control/broadcast.ts"); // as in `Celery.revoke`
      for (const [, payload] of await askAll(redis, this.#app.settings.keys, clock, command, MINGLE_MS)) {
        clock.adjust(numberOf(get(payload, "clock")) ?? 0);
        for (const id of revokedIds(get(payload, "revoked"))) state.revoked.add(id);
      }
    } catch (error) {
      log({ level: "warning", text: "the other workers were not asked", about: { reason: reasonOf(error) } });
    } finally {
      disconnect(redis);
    }
  }

  /** An election that this node has won: the task that was to be run once in the fleet. */
  #elected(topic: string, action: Parameters<typeof readSignature>[0]): void {
    const signature = topic === "task" ? readSignature(action) : null;
    if (signature !== null)
      logFailure(this.#app.settings.log, "an elected task was not sent", sendSignature(this.#app.sendContext, signature));
  }
}

const NEVER = new AbortController().signal;

function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
