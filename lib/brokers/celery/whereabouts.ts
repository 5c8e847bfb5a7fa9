import type { Redis } from "ioredis";
import type { TaskEvent } from "../../model/event.ts";
import { Step } from "../../model/task.ts";
import { readQueriedTasks, type QueriedTask } from "../../wire/celery/inspect-reply.ts";
import type { CeleryKeys } from "../../wire/celery/keys.ts";
import type { KnownTask } from "../broker.ts";
import type { Answer, Control } from "./control.ts";
import { fromHeldTask } from "./held-task.ts";
import { idsIn } from "./message-ids.ts";
import type { QueueNames } from "./queue-names.ts";
import { batches, type Budget, filledLists, pages, WRONG_TYPE } from "./read.ts";
import type { Runs } from "./runs.ts";

const QUERY_BATCH = 200;
const QUERY_MS = 2_000;
/** Requests on their way at once. */
const QUERIES = 5;
/** Messages of all queues together that one look may read to find out what still waits; beyond it: not checked. */
const QUEUE_MESSAGES = 100_000;
const QUEUE_BYTES = 64 * 1024 * 1024;

/** A worker has it, and what that adds to what is known; or those who must know it answered and have it not; or nobody can say. */
export type Whereabouts = { event: TaskEvent | null } | "absent" | "unchecked";

export interface Waiting {
  /** Undefined when more waits than may be read. */
  tasks: Set<string> | undefined;
  /** Bytes that were read for it. */
  bytes: number;
}

/** Asks workers and reads queues to find tasks. */
export class Search {
  readonly #redis: Redis;
  readonly #keys: CeleryKeys;
  readonly #control: Control;
  readonly #names: QueueNames;
  readonly #runs: Runs;

  constructor(parts: { redis: Redis; keys: CeleryKeys; control: Control; names: QueueNames; runs: Runs }) {
    this.#redis = parts.redis;
    this.#keys = parts.keys;
    this.#control = parts.control;
    this.#names = parts.names;
    this.#runs = parts.runs;
  }

  /** Which of the tasks wait in a queue. */
  async waiting(tasks: readonly KnownTask[]): Promise<Waiting> {
    const lists = this.#names.queues.flatMap((queue) => this.#keys.queueLists(queue));
    const filled = [...(await filledLists(this.#redis, lists, () => false))].filter(([, length]) => length !== WRONG_TYPE);
    const depth = filled.reduce((sum, [, length]) => sum + Number(length), 0);
    if (depth > QUEUE_MESSAGES) return { tasks: undefined, bytes: 0 };
    const wanted = new Set(tasks.map((task) => task.id));
    const waiting = new Set<string>();
    const budget: Budget = { bytes: QUEUE_BYTES };
    for (const [list] of filled) {
      for await (const raws of pages(this.#redis, list, "newest", budget))
        for (const raw of raws) for (const id of idsIn(raw)) if (wanted.has(id)) waiting.add(id);
      if (budget.bytes <= 0) return { tasks: undefined, bytes: QUEUE_BYTES };
    }
    return { tasks: waiting, bytes: QUEUE_BYTES - budget.bytes };
  }

  /** Asks each task's own worker, which must be alive. */
  async onItsWorker(tasks: readonly KnownTask[]): Promise<Map<string, Whereabouts>> {
    const byWorker = Map.groupBy(tasks, (task) => task.worker ?? "");
    const found = new Map<string, Whereabouts>();
    await Promise.all(
      [...byWorker].map(async ([worker, asked]) => {
        for (const batch of batches(asked, QUERY_BATCH)) {
          const answered = await this.#query(batch, [worker], () => [worker]);
          for (const [id, where] of answered) found.set(id, where);
          // A worker that did not answer will not answer the next question either.
          if ([...answered.values()].every((where) => where === "unchecked")) return;
        }
      }),
    );
    return found;
  }

  /** Asks all workers. A task is absent when every worker of `whoMustKnow` answered and has it not. */
  async anywhere(tasks: readonly KnownTask[], whoMustKnow: (task: KnownTask) => readonly string[]): Promise<Map<string, Whereabouts>> {
    const found = new Map<string, Whereabouts>();
    for (const several of batches(batches(tasks, QUERY_BATCH), QUERIES)) {
      for (const answered of await Promise.all(several.map(async (batch) => this.#query(batch, null, whoMustKnow))))
        for (const [id, where] of answered) found.set(id, where);
    }
    return found;
  }

  async #query(
    tasks: readonly KnownTask[],
    destination: readonly string[] | null,
    whoMustKnow: (task: KnownTask) => readonly string[],
  ): Promise<Map<string, Whereabouts>> {
    const byId = new Map(tasks.filter(({ id }) => id.isWellFormed()).map((task) => [task.id, task]));
    const found = new Map<string, Whereabouts>();
    if (byId.size === 0) return found;
    const askedAt = Date.now();
    const answered = new Set<string>();
    const onAnswer = (node: string, { payload, at }: Answer): void => {
      const held = readQueriedTasks(payload);
      if (held === null) return;
      answered.add(node);
      for (const [id, one] of held) {
        const task = byId.get(id);
        if (task !== undefined) found.set(id, { event: this.#heldBy(task, one, node, askedAt, at) });
      }
    };
    const ids = [...byId.keys()];
    await this.#control.ask({ method: "query_task", arguments: { ids } }, { destination, timeoutMs: QUERY_MS, onAnswer });
    for (const [id, task] of byId)
      if (!found.has(id)) found.set(id, whoMustKnow(task).every((worker) => answered.has(worker)) ? "absent" : "unchecked");
    return found;
  }

  /** What a worker's having it adds to what is known; null when it adds nothing. */
  #heldBy(task: KnownTask, { state, task: held }: QueriedTask, worker: string, askedAt: number, at: number): TaskEvent | null {
    const isRunning = state === "active";
    const isKnown = task.worker === worker && task.step >= (isRunning ? Step.STARTED : Step.RECEIVED) && task.step < Step.REQUEUED;
    const run = isKnown ? undefined : this.#runs.onWorker(task.id, worker, askedAt);
    if (run === undefined) return null;
    const event = fromHeldTask(held, isRunning ? "task.running" : "task.held", { worker, run, at });
    return event === undefined ? null : { ...event, inferred: true };
  }
}
