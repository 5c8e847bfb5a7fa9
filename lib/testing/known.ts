import type { Known, KnownTask } from "../brokers/broker.ts";
import { type Event, isTaskEvent, isWorkerEvent, type TaskEvent } from "../model/event.ts";
import { fold } from "../model/fold.ts";
import { foldWorker } from "../model/fold-worker.ts";
import { stateOf } from "../model/state.ts";
import { FINAL_STATES, type Task } from "../model/task.ts";
import type { Worker } from "../model/worker.ts";

const WAIT_MS = 20_000;

/** What a broker's code tells, folded in memory at once, and what it may ask. */
export class FoldedKnown implements Known {
  readonly events: Event[] = [];
  readonly tasks = new Map<string, Task>();
  readonly #workers = new Map<string, Worker>();
  #waiting: (() => void)[] = [];

  readonly sink = (events: readonly Event[]): void => {
    for (const event of events) {
      this.events.push(event);
      if (isTaskEvent(event)) this.tasks.set(event.task, fold(this.tasks.get(event.task), event));
      if (isWorkerEvent(event)) this.#workers.set(event.worker, foldWorker(this.#workers.get(event.worker), event));
    }
    for (const look of this.#waiting) look();
  };

  task(id: string): KnownTask | undefined {
    const task = this.tasks.get(id);
    return task === undefined ? undefined : known(task);
  }

  unfinished(silentSince: number, from: number, limit: number): { tasks: KnownTask[]; next: number | null } {
    const silent = [...this.tasks.values()].filter((task) => task.evidenceAt <= silentSince && !FINAL_STATES.has(stateOf(task)));
    const next = from + limit;
    return { tasks: silent.slice(from, next).map(known), next: next < silent.length ? next : null };
  }

  workers(): Iterable<Worker> {
    return this.#workers.values();
  }

  gaps(): { fromAt: number; at: number }[] {
    return this.events.flatMap(({ type, fromAt, at }) => (type === "log.gap" && fromAt !== undefined ? [{ fromAt, at }] : []));
  }

  worker(name: string): Worker | undefined {
    return this.#workers.get(name);
  }

  state(task: string): string | undefined {
    const held = this.tasks.get(task);
    return held === undefined ? undefined : stateOf(held);
  }

  /** Events of one task, `task.sent` and so on. */
  told(task: string): TaskEvent[] {
    return this.events.filter(isTaskEvent).filter((event) => event.task === task);
  }

  /** Resolves when the check holds, now or after an event. */
  async until(what: string, check: () => boolean, withinMs = WAIT_MS): Promise<void> {
    if (check()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = (): void => {
      if (check()) resolve();
    };
    const timer = setTimeout(() => reject(new Error(`Not within ${withinMs} ms: ${what}`)), withinMs);
    this.#waiting.push(look);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting = this.#waiting.filter((one) => one !== look);
    }
  }
}

function known(task: Task): KnownTask {
  return {
    id: task.id,
    state: stateOf(task),
    step: task.step,
    run: task.lastRun,
    received: task.receivedAt !== undefined,
    started: task.startedAt !== undefined,
    sentAt: task.sentAt,
    evidenceAt: task.evidenceAt,
    worker: task.worker,
    name: task.name,
    queue: task.queue,
  };
}
