import type { TaskEvent } from "../../model/event.ts";
import { defined } from "../../model/known.ts";
import { Step } from "../../model/task.ts";
import type { Worker } from "../../model/worker.ts";
import type { ResultMeta } from "../../wire/celery/result.ts";
import type { Known, KnownTask } from "../broker.ts";
import { isDead, isDeadWorker, whyGone } from "./dead.ts";
import { isFinal } from "./from-result.ts";
import type { QueueNames } from "./queue-names.ts";
import type { Results } from "./results.ts";
import type { Runs } from "./runs.ts";
import type { Unacked } from "./unacked.ts";
import type { Search } from "./whereabouts.ts";

/** A task that nothing was heard of for this long is looked for. */
const SILENT_MS = 2_000;
/** Tasks of one look; of more, each look takes the next. */
const CANDIDATES = 2_000;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 60_000;
/** "Gone" only after so many absences in a row: between two keys a message is in neither for a moment. */
const ABSENCES = 2;
/** What searching everywhere costs Redis is spread: so many bytes of messages, unacknowledged ones, and queues a second. */
const SEARCH_MS = 1_000;
const BYTES_A_SECOND = 1024 * 1024;
const HELD_A_SECOND = 2_000;
const QUEUES_A_SECOND = 1_000;
const NAMES_MS = 5_000;
/** Tasks that are searched for at once: what a search costs hardly depends on how many they are. */
const SOUGHT = 10_000;
/** Tasks watched at most; of others it is only forgotten how often they were looked for. */
const WATCHES = 100_000;

interface Watch {
  dueAt: number;
  waitMs: number;
  absences: number;
  /** Its worker was dead already when it was last looked for. */
  dead: boolean;
}

type Workers = ReadonlyMap<string, Worker>;

/**
 * Looks for tasks that stopped talking. Their stored result is the first answer; else a worker that holds them, or their
 * message. Where all of these were asked, answered, and know nothing of a task twice in a row, it is over and nobody can
 * say how: ENDED, or LOST when its worker died.
 */
export class Reconciler {
  readonly #search: Search;
  readonly #names: QueueNames;
  readonly #results: Results;
  readonly #unacked: Unacked;
  readonly #known: Known;
  readonly #runs: Runs;
  readonly #watches = new Map<string, Watch>();
  /** Missed, and to be searched for everywhere as soon as that may be done again. */
  readonly #sought = new Map<string, KnownTask>();
  #from = 0;
  #searchAt = 0;
  /** The caller's clock minus ours. */
  #aheadMs = 0;

  constructor(parts: { search: Search; names: QueueNames; results: Results; unacked: Unacked; known: Known; runs: Runs }) {
    this.#search = parts.search;
    this.#names = parts.names;
    this.#results = parts.results;
    this.#unacked = parts.unacked;
    this.#known = parts.known;
    this.#runs = parts.runs;
  }

  /** One look at the tasks that are due. Rejects, and concludes nothing, when Redis does not answer. */
  async look(now: number): Promise<TaskEvent[]> {
    this.#aheadMs = now - Date.now();
    const { tasks, next } = this.#known.unfinished(now - SILENT_MS, this.#from, CANDIDATES);
    this.#from = next ?? 0;
    const workers: Workers = new Map(Array.from(this.#known.workers(), (worker) => [worker.name, worker]));
    const due = tasks.filter((task) => this.#isDue(task, workers, now));
    if (due.length === 0) return [];

    const metas = await this.#results.lookUp(due.map((task) => task.id));
    const events: TaskEvent[] = [];
    const open = due.filter((task) => {
      const meta = metas.get(task.id);
      if (meta === undefined || !isNews(task, meta)) return true;
      events.push(this.#results.told(task.id, meta, now));
      if (isFinal(meta)) this.#wait(task, now);
      return !isFinal(meta);
    });
    const { found, missing } = await this.#lookNearby(open, workers, now);
    return [...events, ...found, ...(await this.#lookEverywhere(missing, workers))];
  }

  #isDue(task: KnownTask, workers: Workers, now: number): boolean {
    if (this.#runs.heardAt(task.id) > now - SILENT_MS) return false;
    const watch = this.#watches.get(task.id);
    return watch === undefined || watch.dueAt <= now || (!watch.dead && isDead(task, workers, now));
  }

  /** Where a task is as a rule: its message is held, or its worker says that it has it. */
  async #lookNearby(tasks: readonly KnownTask[], workers: Workers, now: number): Promise<{ found: TaskEvent[]; missing: KnownTask[] }> {
    const missing: KnownTask[] = [];
    const asked: KnownTask[] = [];
    for (const task of tasks) {
      const worker = workers.get(task.worker ?? "");
      if (isDead(task, workers, now)) missing.push(task);
      else if (this.#unacked.holds(task.id)) this.#wait(task, now);
      else if (worker === undefined) missing.push(task);
      // It is stopping: what it runs may go on for long, and it does not answer any more.
      else if (worker.state === "stopped") this.#wait(task, now);
      else asked.push(task);
    }
    const found: TaskEvent[] = [];
    const answers = await this.#search.onItsWorker(asked);
    for (const task of asked) {
      const where = answers.get(task.id) ?? "unchecked";
      if (where === "absent") missing.push(task);
      else this.#wait(task, now);
      if (typeof where === "object" && where.event !== null) found.push(where.event);
    }
    return { found, missing };
  }

  /**
   * Looks for tasks along the way that a message goes, queue, unacknowledged, worker, result, so that one that moves on
   * meanwhile is met at the next place.
   */
  async #lookEverywhere(missing: readonly KnownTask[], workers: Workers): Promise<TaskEvent[]> {
    const isTooSoon = this.#now() < this.#searchAt;
    for (const task of missing) {
      if (isTooSoon) this.#watch(task).dueAt = this.#searchAt;
      if (this.#sought.size < SOUGHT) this.#sought.set(task.id, task);
    }
    if (isTooSoon) return [];
    const tasks = [...this.#sought.values()].filter((task) => this.#isAsItWas(task));
    this.#sought.clear();
    if (tasks.length === 0) return [];
    const events: TaskEvent[] = [];
    if (tasks.some((task) => !this.#isInKnownQueue(task, workers))) await this.#names.lookUnlessSince(NAMES_MS);
    const waiting = await this.#search.waiting(tasks);
    events.push(...(await this.#unacked.look(this.#now())));
    const isHeldKnown = this.#unacked.complete;
    const now = this.#now();
    const cost = waiting.bytes / BYTES_A_SECOND + this.#unacked.summary.count / HELD_A_SECOND + this.#names.queues.length / QUEUES_A_SECOND;
    this.#searchAt = now + Math.max(SEARCH_MS, cost * 1_000);

    const nowhere: KnownTask[] = [];
    for (const task of tasks) {
      const watch = this.#watch(task);
      watch.dead = isDead(task, workers, now);
      if (this.#unacked.holds(task.id)) {
        if (watch.dead && task.step >= Step.RECEIVED) events.push(this.#lost(task, `${whyGone(task, workers, now)}; ${HELD}`));
        this.#wait(task, now);
      } else if (waiting.tasks?.has(task.id) === true) this.#wait(task, now);
      else nowhere.push(task);
    }
    const alive = [...workers.values()].filter((worker) => worker.kind === "worker" && !isDeadWorker(worker, now)).map(({ name }) => name);
    const answers = await this.#search.anywhere(nowhere, (task) => {
      if (isDead(task, workers, now)) return [];
      return task.worker !== undefined && workers.has(task.worker) ? [task.worker] : alive;
    });
    const gone: KnownTask[] = [];
    for (const task of nowhere) {
      const where = answers.get(task.id) ?? "unchecked";
      if (typeof where === "object" && where.event !== null) events.push(where.event);
      const isChecked = waiting.tasks !== undefined && isHeldKnown && this.#isInKnownQueue(task, workers);
      if (where !== "absent" || !isChecked) this.#wait(task, this.#now());
      else if (this.#isAbsentAgain(task, this.#now())) gone.push(task);
    }
    return [...events, ...(await this.#bury(gone, workers))];
  }

  /** Whether nothing was learned of it since it was missed. */
  #isAsItWas(task: KnownTask): boolean {
    const now = this.#known.task(task.id);
    return now !== undefined && now.state === task.state && now.run === task.run && now.evidenceAt === task.evidenceAt;
  }

  /** Whether its message, if it waits anywhere, waits in a queue that we know. */
  #isInKnownQueue(task: KnownTask, workers: Workers): boolean {
    if (task.queue !== undefined && this.#names.has(task.queue)) return true;
    const consumed = task.step >= Step.RECEIVED ? workers.get(task.worker ?? "")?.queues : undefined;
    return consumed?.every((queue) => this.#names.has(queue)) ?? this.#names.completeAt > task.evidenceAt;
  }

  /** Ends what is nowhere, after one more look at its result: it may have ended between the first look and the question. */
  async #bury(gone: readonly KnownTask[], workers: Workers): Promise<TaskEvent[]> {
    if (gone.length === 0) return [];
    const metas = await this.#results.lookUp(gone.map((task) => task.id));
    return gone.flatMap((task) => {
      const meta = metas.get(task.id);
      const now = this.#now();
      this.#wait(task, now);
      if (meta !== undefined && isFinal(meta)) return [this.#results.told(task.id, meta, now)];
      // A promised revoke says why it ended, and must not pass for a sign of life after the end.
      const promised = meta?.status === "REVOKED" ? [this.#results.told(task.id, meta, now - 1)] : [];
      const why = task.step >= Step.RECEIVED ? whyGone(task, workers, now) : undefined;
      if (why !== undefined) return [...promised, this.#lost(task, `${why}; its message is gone, so it will not run again`)];
      return [...promised, this.#conclude(task, "task.ended", "no worker holds it, its message is gone, and nothing told how it ended")];
    });
  }

  #lost(task: KnownTask, reason: string): TaskEvent {
    return this.#conclude(task, "task.lost", reason);
  }

  #conclude(task: KnownTask, type: "task.lost" | "task.ended", reason: string): TaskEvent {
    const now = this.#now();
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

  #now(): number {
    return Date.now() + this.#aheadMs;
  }

  #isAbsentAgain(task: KnownTask, now: number): boolean {
    const watch = this.#watch(task);
    watch.absences += 1;
    watch.dueAt = now + FIRST_WAIT_MS;
    return watch.absences >= ABSENCES;
  }

  /** It is somewhere, or nobody can say: the next look has time, and more each time. */
  #wait(task: KnownTask, now: number): void {
    const watch = this.#watch(task);
    watch.absences = 0;
    watch.dueAt = now + watch.waitMs;
    watch.waitMs = Math.min(watch.waitMs * 2, LONGEST_WAIT_MS);
  }

  #watch(task: KnownTask): Watch {
    let watch = this.#watches.get(task.id);
    if (watch === undefined) {
      const [oldest] = this.#watches.size >= WATCHES ? this.#watches.keys() : [];
      if (oldest !== undefined) this.#watches.delete(oldest);
      watch = { dueAt: 0, waitMs: FIRST_WAIT_MS, absences: 0, dead: false };
      this.#watches.set(task.id, watch);
    }
    return watch;
  }
}

const HELD = "its message is unacknowledged, so it will be delivered again when the visibility timeout is over";

/** Whether a stored result adds to what is known of an unfinished task. */
function isNews(task: KnownTask, meta: ResultMeta): boolean {
  if (isFinal(meta)) return true;
  switch (meta.status) {
    case "RETRY":
      return false;
    case "REVOKED":
      return task.step < Step.REVOKE_PROMISED;
    case "STARTED":
      return task.step < Step.STARTED;
    default:
      return task.step < Step.PROGRESS;
  }
}
