import type { Redis } from "ioredis";
import type { TaskEvent, TaskEventType } from "../../model/event.ts";
import { defined } from "../../model/known.ts";
import { Step } from "../../model/task.ts";
import type { Worker } from "../../model/worker.ts";
import { readQueriedTasks, type QueriedTask } from "../../wire/celery/inspect-reply.ts";
import type { CeleryKeys } from "../../wire/celery/keys.ts";
import type { ResultMeta } from "../../wire/celery/result.ts";
import type { Known, KnownTask } from "../broker.ts";
import type { Control } from "./control.ts";
import { fromHeldTask } from "./fleet.ts";
import { isFinal } from "./from-result.ts";
import type { QueueNames } from "./queue-names.ts";
import type { Results } from "./results.ts";
import type { Runs } from "./runs.ts";
import type { Unacked } from "./unacked.ts";

/** A task that nothing was heard of for this long is looked for. */
const SILENT_MS = 2_000;
const CANDIDATES = 2_000;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 60_000;
/** "Gone" only after so many absences in a row: between two keys a message is in neither for a moment. */
const ABSENCES = 2;
const QUERY_BATCH = 200;
const QUERY_MS = 2_000;
/** Messages of all queues together that one look may read to find out what still waits; beyond it: not checked. */
const QUEUE_MESSAGES = 10_000;
const QUEUE_BYTES = 16 * 1024 * 1024;
const QUEUE_PAGE = 200;

interface Watch {
  dueAt: number;
  waitMs: number;
  absences: number;
}

/** Where a task was found, or that it was not, or that it could not be looked for. */
type Whereabouts = { found: TaskEvent | null } | "absent" | "unchecked";

/**
 * Looks for tasks that stopped talking. Their stored result is the first answer; else a worker that holds them, or their
 * message. Where all of these were asked, answered, and know nothing of a task twice in a row, it is over and nobody can
 * say how: ENDED, or LOST when its worker died.
 */
export class Reconciler {
  readonly #redis: Redis;
  readonly #keys: CeleryKeys;
  readonly #control: Control;
  readonly #names: QueueNames;
  readonly #results: Results;
  readonly #unacked: Unacked;
  readonly #known: Known;
  readonly #runs: Runs;
  readonly #watches = new Map<string, Watch>();

  constructor(parts: {
    redis: Redis;
    keys: CeleryKeys;
    control: Control;
    names: QueueNames;
    results: Results;
    unacked: Unacked;
    known: Known;
    runs: Runs;
  }) {
    this.#redis = parts.redis;
    this.#keys = parts.keys;
    this.#control = parts.control;
    this.#names = parts.names;
    this.#results = parts.results;
    this.#unacked = parts.unacked;
    this.#known = parts.known;
    this.#runs = parts.runs;
  }

  /** One look at the tasks that are due. */
  async look(now: number): Promise<TaskEvent[]> {
    const silent = this.#known.unfinished(now - SILENT_MS, CANDIDATES * 10);
    this.#forgetAllBut(silent);
    const due = silent.filter((task) => (this.#watches.get(task.id)?.dueAt ?? 0) <= now).slice(0, CANDIDATES);
    if (due.length === 0) return [];

    const metas = await this.#results.lookUp(due.map((task) => task.id));
    const events: TaskEvent[] = [];
    const open: KnownTask[] = [];
    for (const task of due) {
      const told = this.#fromMeta(task, metas.get(task.id), now);
      if (told !== undefined) events.push(told);
      if (told === undefined || told.type === "task.started" || told.type === "task.progress") open.push(task);
    }
    return [...events, ...(await this.#search(open, now))];
  }

  async #search(tasks: readonly KnownTask[], now: number): Promise<TaskEvent[]> {
    if (tasks.length === 0) return [];
    const workers = new Map([...this.#known.workers()].map((worker) => [worker.name, worker]));
    const elsewhere = tasks.filter((task) => this.#unacked.takenAt(task.id) === undefined);
    const queried = await this.#query(elsewhere, workers);
    const waiting = await this.#waiting(elsewhere.filter((task) => queried.get(task.id) === "absent"));

    const events: TaskEvent[] = [];
    const gone: KnownTask[] = [];
    for (const task of tasks) {
      const where = this.#whereabouts(task, queried.get(task.id), waiting, workers);
      if (where === "absent") {
        if (this.#absent(task, now)) gone.push(task);
        continue;
      }
      this.#present(task, now);
      if (where !== "unchecked" && where.found !== null) events.push(where.found);
    }
    return [...events, ...(await this.#bury(gone, workers))];
  }

  #whereabouts(
    task: KnownTask,
    queried: Whereabouts | undefined,
    waiting: Set<string> | undefined,
    workers: Map<string, Worker>,
  ): Whereabouts {
    const takenAt = this.#unacked.takenAt(task.id);
    if (takenAt !== undefined) {
      const dead = task.step >= Step.STARTED && isDead(task, workers);
      return {
        found: dead
          ? this.#conclude(task, "task.lost", `${whyDead(task, workers)}; its message is unacknowledged and will be delivered again`)
          : null,
      };
    }
    if (queried === undefined || queried === "unchecked" || !this.#unacked.complete) return "unchecked";
    if (queried !== "absent") return queried;
    if (waiting === undefined) return "unchecked";
    return waiting.has(task.id) ? { found: null } : "absent";
  }

  /** What a stored result adds to what is known of an unfinished task. */
  #fromMeta(task: KnownTask, meta: ResultMeta | undefined, now: number): TaskEvent | undefined {
    if (meta === undefined) return undefined;
    const isNews =
      isFinal(meta) ||
      (meta.status === "STARTED" && task.step < Step.STARTED && task.step !== Step.REVOKE_PROMISED) ||
      (meta.status !== "STARTED" && meta.status !== "RETRY" && task.step < Step.PROGRESS);
    return isNews ? this.#results.told(task.id, meta, now) : undefined;
  }

  /** Asks each task's worker, and for tasks without one all workers. */
  async #query(tasks: readonly KnownTask[], workers: Map<string, Worker>): Promise<Map<string, Whereabouts>> {
    const answers = new Map<string, Whereabouts>();
    const byWorker = new Map<string | null, KnownTask[]>();
    for (const task of tasks) {
      if (isDead(task, workers)) {
        answers.set(task.id, "absent");
        continue;
      }
      const to = task.worker !== undefined && workers.has(task.worker) ? task.worker : null;
      byWorker.set(to, [...(byWorker.get(to) ?? []), task]);
    }
    const alive = [...workers.values()].filter(
      (worker) => worker.kind === "worker" && (worker.state === "online" || worker.state === "silent"),
    );
    await Promise.all(
      [...byWorker].map(async ([worker, asked]) => {
        const destination = worker === null ? alive.map((one) => one.name) : [worker];
        for (let at = 0; at < asked.length; at += QUERY_BATCH) {
          const batch = asked.slice(at, at + QUERY_BATCH);
          for (const [id, where] of await this.#queryBatch(batch, destination)) answers.set(id, where);
        }
      }),
    );
    return answers;
  }

  async #queryBatch(tasks: readonly KnownTask[], destination: readonly string[]): Promise<Map<string, Whereabouts>> {
    const answers = new Map<string, Whereabouts>();
    const ids = tasks.map((task) => task.id).filter((id) => id.isWellFormed());
    if (ids.length === 0) return answers;
    const replies =
      destination.length === 0
        ? new Map()
        : await this.#control.ask({ method: "query_task", arguments: { ids } }, { destination, timeoutMs: QUERY_MS });
    const now = Date.now();
    let complete = true;
    for (const name of destination) {
      const found = readQueriedTasks(replies.get(name) ?? null);
      if (found === null) complete = false;
      for (const task of tasks) {
        const queried = found?.get(task.id);
        if (queried !== undefined) answers.set(task.id, { found: this.#seenOn(task, queried, name, now) });
      }
    }
    for (const task of tasks) if (!answers.has(task.id)) answers.set(task.id, complete ? "absent" : "unchecked");
    return answers;
  }

  #seenOn(task: KnownTask, { state, task: held }: QueriedTask, worker: string, now: number): TaskEvent | null {
    const running = state === "active";
    if (task.step >= (running ? Step.STARTED : Step.RECEIVED) && task.step < Step.RETRIED) return null;
    return { ...fromHeldTask(held, running ? "task.running" : "task.held", worker, now, this.#runs), inferred: true };
  }

  /** Which of the tasks wait in a queue; undefined when there is more than may be read. */
  async #waiting(tasks: readonly KnownTask[]): Promise<Set<string> | undefined> {
    const waiting = new Set<string>();
    if (tasks.length === 0) return waiting;
    const lists = this.#names.queues.flatMap((queue) => this.#keys.queueLists(queue));
    const lengths = await this.#redis.pipeline(lists.map((list) => ["llen", list])).exec();
    const filled = lists.flatMap((list, i) => {
      const depth = lengths?.[i]?.[1];
      return typeof depth === "number" && depth > 0 ? [{ list, depth }] : [];
    });
    if (filled.reduce((sum, { depth }) => sum + depth, 0) > QUEUE_MESSAGES) return undefined;
    const wanted = new Set(tasks.map((task) => task.id));
    let budget = QUEUE_BYTES;
    for (const { list, depth } of filled) {
      // From the tail on, because the queue is consumed there: what moves meanwhile is read twice, never passed over.
      for (let from = -1; from >= -depth - QUEUE_PAGE; from -= QUEUE_PAGE) {
        const raws = await this.#redis.lrange(list, from - QUEUE_PAGE + 1, from);
        for (const raw of raws) {
          budget -= raw.length;
          for (const [, id] of raw.matchAll(/"(?:id|correlation_id)": ?"([^"\\]+)"/g))
            if (id !== undefined && wanted.has(id)) waiting.add(id);
        }
        if (budget < 0) return undefined;
        if (raws.length < QUEUE_PAGE) break;
      }
    }
    return waiting;
  }

  /** Ends what is nowhere, after one more look at its result: it may have ended between the first look and the question. */
  async #bury(gone: readonly KnownTask[], workers: Map<string, Worker>): Promise<TaskEvent[]> {
    if (gone.length === 0) return [];
    const metas = await this.#results.lookUp(gone.map((task) => task.id));
    return gone.map((task) => {
      const meta = metas.get(task.id);
      if (meta !== undefined && isFinal(meta)) return this.#results.told(task.id, meta, Date.now());
      if (task.step >= Step.RECEIVED && isDead(task, workers)) {
        return this.#conclude(task, "task.lost", `${whyDead(task, workers)}; its message is gone, so it will not run again`);
      }
      return this.#conclude(task, "task.ended", "no worker holds it, its message is gone, and nothing told how it ended");
    });
  }

  #conclude(task: KnownTask, type: TaskEventType, reason: string): TaskEvent {
    const now = Date.now();
    return {
      type,
      task: task.id,
      at: now,
      seenAt: now,
      source: "leader",
      inferred: true,
      run: task.run,
      ...defined({ worker: task.worker }),
      payload: { data: JSON.stringify({ reason }) },
    };
  }

  #absent(task: KnownTask, now: number): boolean {
    const absences = (this.#watches.get(task.id)?.absences ?? 0) + 1;
    this.#watches.set(task.id, { dueAt: now + FIRST_WAIT_MS, waitMs: FIRST_WAIT_MS, absences });
    return absences >= ABSENCES;
  }

  #present(task: KnownTask, now: number): void {
    const waitMs = Math.min((this.#watches.get(task.id)?.waitMs ?? FIRST_WAIT_MS / 2) * 2, LONGEST_WAIT_MS);
    this.#watches.set(task.id, { dueAt: now + waitMs, waitMs, absences: 0 });
  }

  #forgetAllBut(tasks: readonly KnownTask[]): void {
    if (this.#watches.size < CANDIDATES * 20) return;
    const kept = new Set(tasks.map((task) => task.id));
    for (const id of this.#watches.keys()) if (!kept.has(id)) this.#watches.delete(id);
  }
}

/** Whether the process that had the task is no more: lost, stopped, or booted again since anything was heard of the task. */
function isDead(task: KnownTask, workers: Map<string, Worker>): boolean {
  if (task.worker === undefined) return false;
  const worker = workers.get(task.worker);
  if (worker === undefined) return false;
  if (worker.state === "lost" || worker.state === "stopped") return true;
  return worker.state === "online" && worker.boots > 1 && worker.startedAt !== undefined && worker.startedAt > task.evidenceAt;
}

function whyDead(task: KnownTask, workers: Map<string, Worker>): string {
  const state = workers.get(task.worker ?? "")?.state;
  if (state === "lost") return `its worker ${task.worker} is lost`;
  return state === "stopped" ? `its worker ${task.worker} stopped` : `its worker ${task.worker} was restarted`;
}
