import type { Event, TaskEvent, WorkerEvent } from "../../model/event.ts";
import { defined } from "../../model/known.ts";
import type { Worker, WorkerData } from "../../model/worker.ts";
import { readConsumedQueues, readHeldTasks, readPing, readRegistered, readStats } from "../../wire/celery/inspect-reply.ts";
import type { Known } from "../broker.ts";
import { boundedId, boundedWord } from "./bounded.ts";
import type { Answer, Control } from "./control.ts";
import { fromHeldTask } from "./held-task.ts";
import type { QueueNames } from "./queue-names.ts";
import type { Runs } from "./runs.ts";

const ROUND_MS = 60_000;
const ANSWER_MS = 2_000;
/** A worker announces itself one to two seconds before it can answer. */
const BOOT_MS = 2_500;
/** One that did not answer then is asked again after this long, then after twice as long, and with the rounds anyway. */
const BOOT_AGAIN_MS = 5_000;
/** Flower broadcasts it every 5 s; a worker that boots is told at once, so seldom is enough for those that forgot. */
const ENABLE_EVENTS_MS = 30_000;
/** Nodes that are known by their answers alone are lost after so many rounds without one. */
const MISSED_ROUNDS = 2;
/** A solo pool answers only between tasks. */
const MISSED_ROUNDS_SOLO = 30;

type Answers = Map<string, Answer>;

interface Boot {
  boots: number;
  /** When to ask again; infinite once it answered. */
  askAt: number;
  waitMs: number;
}

/** What workers answer when they are asked: their pools, queues and tasks. */
export class Fleet {
  readonly #control: Control;
  readonly #names: QueueNames;
  readonly #known: Known;
  readonly #runs: Runs;
  readonly #enableEvents: boolean;
  /** By node, what it told last, which boot of it was asked, and how many rounds it missed. */
  readonly #told = new Map<string, string>();
  readonly #boots = new Map<string, Boot>();
  readonly #missed = new Map<string, number>();
  #roundAt = 0;
  #enabledAt = 0;
  #wantsTasks = true;

  constructor(options: { control: Control; names: QueueNames; known: Known; runs: Runs; enableEvents: boolean }) {
    this.#control = options.control;
    this.#names = options.names;
    this.#known = options.known;
    this.#runs = options.runs;
    this.#enableEvents = options.enableEvents;
  }

  /** Events were missed, or none were heard yet: what runs now must be asked. */
  askForTasks(): void {
    this.#wantsTasks = true;
  }

  /** Asks whom it is time to ask. Called about once a second. */
  async look(now: number): Promise<Event[]> {
    if (this.#enableEvents && now - this.#enabledAt >= ENABLE_EVENTS_MS) {
      this.#enabledAt = now;
      await this.#control.tell({ method: "enable_events", arguments: {} }, null);
    }
    const isRound = now - this.#roundAt >= ROUND_MS;
    if (isRound) this.#roundAt = now;
    const answers = await Promise.all([isRound ? this.#round() : this.#booted(now), this.#wantsTasks ? this.#running() : []]);
    return answers.flat();
  }

  async #round(): Promise<Event[]> {
    const [stats, queues, registered, ping] = await Promise.all([
      this.#ask("stats", null),
      this.#ask("active_queues", null),
      this.#ask("registered", null),
      this.#ask("ping", null),
    ]);
    const now = Date.now();
    const workers = this.#workers();
    this.#forgetAllBut(workers, ping);
    const events = this.#describe(workers, stats, queues, registered, now);
    const answered = new Set([...stats.keys(), ...queues.keys(), ...registered.keys()]);
    const pinged = [...ping].filter(([node, answer]) => !answered.has(node) && readPing(answer.payload));
    events.push(...(await this.#onlyPing(workers, pinged)));
    for (const worker of workers.values()) {
      if (stats.has(worker.name)) this.#boots.set(worker.name, { boots: worker.boots, waitMs: BOOT_AGAIN_MS, askAt: Infinity });
      if (worker.state !== "silent") continue;
      const missed = answered.has(worker.name) || ping.has(worker.name) ? 0 : (this.#missed.get(worker.name) ?? 0) + 1;
      this.#missed.set(worker.name, missed);
      const enough = worker.pool === "solo" ? MISSED_ROUNDS_SOLO : MISSED_ROUNDS;
      if (missed >= enough) events.push(lost(worker.name, now));
    }
    return events;
  }

  /** Workers that booted since they were asked, or of whom only their tasks were heard. */
  async #booted(now: number): Promise<Event[]> {
    const booted = [...this.#known.workers()].filter((worker) => this.#isNew(worker, now));
    if (booted.length === 0) return [];
    const destination = booted.map((worker) => worker.name);
    if (this.#enableEvents) await this.#control.tell({ method: "enable_events", arguments: {} }, destination);
    const [stats, queues, registered] = await Promise.all([
      this.#ask("stats", destination),
      this.#ask("active_queues", destination),
      this.#ask("registered", destination),
    ]);
    for (const { name, boots } of booted) {
      const before = this.#boots.get(name);
      const waitMs = before?.boots === boots ? before.waitMs * 2 : BOOT_AGAIN_MS;
      this.#boots.set(name, { boots, waitMs, askAt: stats.has(name) ? Infinity : Date.now() + waitMs });
    }
    return this.#describe(this.#workers(), stats, queues, registered, Date.now());
  }

  #isNew(worker: Worker, now: number): boolean {
    if (worker.kind !== "worker" || (worker.state !== "online" && worker.state !== "silent") || now - worker.stateAt < BOOT_MS)
      return false;
    const asked = this.#boots.get(worker.name);
    return asked?.boots !== worker.boots || asked.askAt <= now;
  }

  #describe(workers: Map<string, Worker>, stats: Answers, queues: Answers, registered: Answers, now: number): WorkerEvent[] {
    const events: WorkerEvent[] = [];
    for (const node of new Set([...stats.keys(), ...queues.keys(), ...registered.keys()])) {
      const name = boundedId(node);
      if (name === undefined) continue;
      const of = readStats(stats.get(node)?.payload ?? null);
      const consumed = readConsumedQueues(queues.get(node)?.payload ?? null)?.map((queue) => boundedWord(queue.name));
      for (const queue of consumed ?? []) this.#names.add(queue);
      const data: WorkerData = defined({
        kind: "worker" as const,
        pool: poolName(of?.pool.implementation ?? null),
        slots: slotsOf(of),
        prefetch: of?.prefetchCount ?? undefined,
        queues: consumed,
        registered: readRegistered(registered.get(node)?.payload ?? null)?.map((task) => boundedWord(task.name)),
      });
      const worker = workers.get(name);
      const at = Math.max(...[stats, queues, registered].map((answers) => answers.get(node)?.at ?? 0));
      if (worker !== undefined && isOver(worker)) {
        // A worker that is stopping has answered before it said so.
        if (at <= worker.stateAt) continue;
        data.state = "silent";
      }
      const text = JSON.stringify(data);
      if (this.#told.get(name) === text && worker !== undefined && worker.state !== "silent" && data.state === undefined) continue;
      this.#told.set(name, text);
      events.push(inspected(name, now, data, of?.pid ?? undefined));
    }
    return events;
  }

  /** From Celery 5.7 beat can be a node: it answers `ping` and nothing else, also when it is asked again. */
  async #onlyPing(workers: Map<string, Worker>, pinged: readonly [string, Answer][]): Promise<WorkerEvent[]> {
    const isKnown = (node: string): boolean => workers.get(node)?.kind === "beat";
    const unsure = pinged.map(([node]) => node).filter((node) => !isKnown(node) && !isHeard(workers.get(node)));
    const again = unsure.length === 0 ? new Map<string, Answer>() : await this.#ask("stats", unsure);
    const now = Date.now();
    return pinged.flatMap(([node]) => {
      const worker = workers.get(node);
      if (boundedId(node) === undefined || again.has(node) || (!isKnown(node) && isHeard(worker))) return [];
      const data: WorkerData = { kind: "beat", reason: "it answers ping only" };
      return [inspected(node, now, worker !== undefined && isOver(worker) ? { ...data, state: "silent" } : data)];
    });
  }

  /** What the workers run, as events for the tasks. What they hold besides lies unacknowledged and is found there. */
  async #running(): Promise<TaskEvent[]> {
    const askedAt = Date.now();
    const events: TaskEvent[] = [];
    const onAnswer = (node: string, { payload, at }: Answer): void => {
      const worker = boundedId(node);
      for (const held of readHeldTasks(payload) ?? []) {
        const run = worker === undefined || boundedId(held.id) === undefined ? undefined : this.#runs.onWorker(held.id, worker, askedAt);
        const event = worker === undefined || run === undefined ? undefined : fromHeldTask(held, "task.running", { worker, run, at });
        if (event !== undefined) events.push(event);
      }
    };
    await this.#control.ask({ method: "active", arguments: {} }, { destination: null, timeoutMs: ANSWER_MS, onAnswer });
    this.#wantsTasks = false;
    return events;
  }

  async #ask(method: "stats" | "active_queues" | "registered" | "ping", destination: readonly string[] | null): Promise<Answers> {
    return this.#control.ask({ method, arguments: {} }, { destination, timeoutMs: ANSWER_MS });
  }

  #workers(): Map<string, Worker> {
    return new Map(Array.from(this.#known.workers(), (worker) => [worker.name, worker]));
  }

  #forgetAllBut(workers: Map<string, Worker>, ping: Answers): void {
    for (const map of [this.#told, this.#boots, this.#missed])
      for (const name of map.keys()) if (!workers.has(name) && !ping.has(name)) map.delete(name);
  }
}

/** It is believed dead. */
function isOver(worker: Worker): boolean {
  return worker.state === "lost" || worker.state === "stopped";
}

/** It was heard in events, or has told its pool before: it is a worker, even if it does not answer now. */
function isHeard(worker: Worker | undefined): boolean {
  return worker !== undefined && (worker.state !== "silent" || worker.pool !== undefined);
}

function lost(worker: string, now: number): WorkerEvent {
  const details = JSON.stringify({ reason: "it stopped answering" });
  return { type: "worker.lost", worker, at: now, seenAt: now, source: "leader", inferred: true, details };
}

function inspected(worker: string, now: number, data: WorkerData, pid?: number): WorkerEvent {
  return { type: "worker.inspected", worker, at: now, seenAt: now, source: "inspect", details: JSON.stringify(data), ...defined({ pid }) };
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
