import type { Event, TaskEvent, WorkerEvent } from "../../model/event.ts";
import { defined } from "../../model/known.ts";
import type { Worker, WorkerData } from "../../model/worker.ts";
import {
  readConsumedQueues,
  readHeldTasks,
  readPing,
  readRegistered,
  readScheduled,
  readStats,
  type HeldTask,
} from "../../wire/celery/inspect-reply.ts";
import type { Value } from "../../wire/python/value.ts";
import type { Known } from "../broker.ts";
import type { Control } from "./control.ts";
import type { QueueNames } from "./queue-names.ts";
import type { Runs } from "./runs.ts";

const ROUND_MS = 60_000;
const ANSWER_MS = 2_000;
/** A worker announces itself one to two seconds before it can answer. */
const BOOT_MS = 2_500;
/** Flower broadcasts it every 5 s; a worker that boots is told at once, so seldom is enough for those that forgot. */
const ENABLE_EVENTS_MS = 30_000;
const MISSED_ROUNDS = 2;

/** What workers answer when they are asked: their pools, queues and tasks. */
export class Fleet {
  readonly #control: Control;
  readonly #names: QueueNames;
  readonly #known: Known;
  readonly #runs: Runs;
  readonly #enableEvents: boolean;
  readonly #told = new Map<string, string>();
  readonly #askedBoot = new Map<string, number>();
  readonly #missed = new Map<string, number>();
  #roundAt = 0;
  #enabledAt = 0;

  constructor(options: { control: Control; names: QueueNames; known: Known; runs: Runs; enableEvents: boolean }) {
    this.#control = options.control;
    this.#names = options.names;
    this.#known = options.known;
    this.#runs = options.runs;
    this.#enableEvents = options.enableEvents;
  }

  /** Asks whom it is time to ask. Called about once a second. */
  async look(now: number): Promise<Event[]> {
    if (this.#enableEvents && now - this.#enabledAt >= ENABLE_EVENTS_MS) {
      this.#enabledAt = now;
      await this.#control.tell({ method: "enable_events", arguments: {} }, null);
    }
    if (now - this.#roundAt >= ROUND_MS) {
      const first = this.#roundAt === 0;
      this.#roundAt = now;
      return this.#round(first);
    }
    return this.#booted(now);
  }

  async #round(first: boolean): Promise<Event[]> {
    const [stats, queues, registered, ping, tasks] = await Promise.all([
      this.#all("stats"),
      this.#all("active_queues"),
      this.#all("registered"),
      this.#all("ping"),
      first ? this.#tasks(null) : [],
    ]);
    const now = Date.now();
    const events = this.#describe(stats, queues, registered, now);
    for (const [node, payload] of ping) if (!stats.has(node) && readPing(payload)) events.push(...this.#beat(node, now));
    for (const worker of this.#known.workers()) {
      if (worker.state !== "silent") continue;
      const missed = stats.has(worker.name) || ping.has(worker.name) ? 0 : (this.#missed.get(worker.name) ?? 0) + 1;
      this.#missed.set(worker.name, missed);
      if (missed >= MISSED_ROUNDS) events.push(inspected("worker.lost", worker.name, now, { reason: "it stopped answering" }));
    }
    return [...events, ...tasks];
  }

  /** Workers that booted since they were asked. */
  async #booted(now: number): Promise<Event[]> {
    const booted = [...this.#known.workers()].filter((worker) => this.#isNew(worker, now));
    if (booted.length === 0) return [];
    const destination = booted.map((worker) => worker.name);
    for (const worker of booted) this.#askedBoot.set(worker.name, worker.boots);
    if (this.#enableEvents) await this.#control.tell({ method: "enable_events", arguments: {} }, destination);
    const [stats, queues, registered] = await Promise.all([
      this.#ask("stats", destination),
      this.#ask("active_queues", destination),
      this.#ask("registered", destination),
    ]);
    for (const name of destination) if (!stats.has(name)) this.#askedBoot.delete(name);
    return this.#describe(stats, queues, registered, Date.now());
  }

  #isNew(worker: Worker, now: number): boolean {
    if (worker.state !== "online" || now - worker.stateAt < BOOT_MS) return false;
    return this.#askedBoot.get(worker.name) !== worker.boots;
  }

  #describe(stats: Answers, queues: Answers, registered: Answers, now: number): WorkerEvent[] {
    const events: WorkerEvent[] = [];
    for (const name of new Set([...stats.keys(), ...queues.keys(), ...registered.keys()])) {
      const of = readStats(stats.get(name) ?? null);
      const consumed = readConsumedQueues(queues.get(name) ?? null)?.map((queue) => queue.name);
      for (const queue of consumed ?? []) this.#names.add(queue);
      const data: WorkerData = defined({
        kind: "worker" as const,
        pool: poolName(of?.pool.implementation ?? null),
        slots: slotsOf(of),
        prefetch: of?.prefetchCount ?? undefined,
        queues: consumed,
        registered: readRegistered(registered.get(name) ?? null)?.map((task) => task.name),
      });
      const text = JSON.stringify(data);
      const worker = [...this.#known.workers()].find((one) => one.name === name);
      if (this.#told.get(name) === text && worker?.state !== "silent" && worker !== undefined) continue;
      this.#told.set(name, text);
      events.push(inspected("worker.inspected", name, now, data, of?.pid ?? undefined));
    }
    return events;
  }

  /** From Celery 5.7 beat can be a node: it answers `ping` and nothing else. */
  #beat(node: string, now: number): WorkerEvent[] {
    const worker = [...this.#known.workers()].find((one) => one.name === node);
    if (worker !== undefined && worker.kind !== "beat" && worker.state !== "silent") return [];
    return [inspected("worker.inspected", node, now, { kind: "beat", reason: "it answers ping only" })];
  }

  /** What the workers hold and run, as events for the tasks of which that was not known. */
  async #tasks(destination: readonly string[] | null): Promise<TaskEvent[]> {
    const [active, reserved, scheduled] = await Promise.all([
      this.#control.ask({ method: "active", arguments: {} }, { destination, timeoutMs: ANSWER_MS }),
      this.#ask("reserved", destination),
      this.#ask("scheduled", destination),
    ]);
    const now = Date.now();
    const events: TaskEvent[] = [];
    for (const [node, payload] of active) {
      for (const task of readHeldTasks(payload) ?? []) events.push(fromHeldTask(task, "task.running", node, now, this.#runs));
    }
    for (const [node, payload] of reserved) {
      for (const task of readHeldTasks(payload) ?? []) events.push(fromHeldTask(task, "task.held", node, now, this.#runs));
    }
    for (const [node, payload] of scheduled) {
      for (const { task, etaAt } of readScheduled(payload) ?? []) {
        events.push({ ...fromHeldTask(task, "task.held", node, now, this.#runs), ...defined({ etaAt: etaAt ?? undefined }) });
      }
    }
    return events;
  }

  async #all(method: "stats" | "active_queues" | "registered" | "ping"): Promise<Answers> {
    return this.#ask(method, null);
  }

  async #ask(
    method: "stats" | "active_queues" | "registered" | "ping" | "reserved" | "scheduled",
    destination: readonly string[] | null,
  ): Promise<Answers> {
    return this.#control.ask({ method, arguments: {} }, { destination, timeoutMs: ANSWER_MS });
  }
}

type Answers = Map<string, Value>;

/** A task that `inspect` showed on a worker. */
export function fromHeldTask(task: HeldTask, type: "task.running" | "task.held", node: string, now: number, runs: Runs): TaskEvent {
  return {
    type,
    task: task.id,
    worker: node,
    at: type === "task.running" ? (task.startedAt ?? now) : now,
    seenAt: now,
    source: "inspect",
    run: runs.latest(task.id),
    ...defined({
      name: task.name ?? task.type ?? undefined,
      queue: task.exchange === "" ? (task.routingKey ?? undefined) : undefined,
      priority: task.priority ?? undefined,
      startedAt: type === "task.running" ? (task.startedAt ?? undefined) : undefined,
      pid: task.pid ?? undefined,
    }),
    payload: { args: JSON.stringify(task.args), kwargs: JSON.stringify(task.kwargs), argsForm: "value" },
  };
}

function inspected(type: WorkerEvent["type"], worker: string, now: number, data: WorkerData, pid?: number): WorkerEvent {
  return { type, worker, at: now, seenAt: now, source: "inspect", details: JSON.stringify(data), ...defined({ pid }) };
}

/** `celery.concurrency.prefork:TaskPool` → `prefork`. */
function poolName(implementation: string | null): string | undefined {
  return implementation === null ? undefined : (/([^.]+):/.exec(implementation)?.[1] ?? implementation);
}

/** Growing and shrinking the pool changes its processes and never `max-concurrency`. */
function slotsOf(stats: ReturnType<typeof readStats>): number | undefined {
  if (stats === null) return undefined;
  return stats.pool.pids.length > 0 ? stats.pool.pids.length : (stats.pool.maxConcurrency ?? undefined);
}
