import { DELIVERIES_PER_RETRY, retriesOf, runOf } from "../../model/event.ts";
import type { Known } from "../broker.ts";

/** One execution as far as this process has heard of it. */
interface Run {
  run: number;
  worker: string | undefined;
  received: boolean;
  started: boolean;
  ended: "retry" | "outcome" | undefined;
  /** The result backend said RETRY for it; the worker's own event may still come. */
  retryStored: boolean;
}

/**
 * Says to which run of its task an event belongs. Celery tells the number of retries only when a task is sent or
 * received; `task-started` and all that follows carry just the id. The rules rest on what a worker guarantees: its own
 * events come in order, and attempt n + 1 exists only because attempt n ended in a retry. So a retry ends the lowest open
 * run, an outcome the highest. A message that is received again with the same number of retries is a new delivery.
 *
 * Remembers the last `bound` tasks; older ones are looked up in what is known.
 */
export class Runs {
  readonly #known: Pick<Known, "task">;
  readonly #bound: number;
  readonly #runs = new Map<string, Run[]>();

  constructor(known: Pick<Known, "task">, bound = 50_000) {
    this.#known = known;
    this.#bound = bound;
  }

  /** A message with so many retries was published, or lies in a queue, or is held. Never a new delivery by itself. */
  seen(task: string, retries: number): number {
    const runs = this.#of(task);
    const same = runs.findLast((one) => retriesOf(one.run) === retries);
    return (same ?? add(runs, runOf(retries, 0), undefined)).run;
  }

  /** The message lies in its queue again after a worker had it: what follows is another delivery. */
  returned(task: string, retries: number): number {
    const runs = this.#of(task);
    const same = runs.findLast((one) => retriesOf(one.run) === retries);
    if (same === undefined || !(same.received || same.started)) return (same ?? add(runs, runOf(retries, 0), undefined)).run;
    return add(runs, nextDelivery(same.run), undefined).run;
  }

  received(task: string, retries: number, worker: string): number {
    const runs = this.#of(task);
    const same = runs.findLast((one) => retriesOf(one.run) === retries);
    let run = same;
    if (run === undefined) run = add(runs, runOf(retries, 0), worker);
    else if (run.received) run = add(runs, nextDelivery(run.run), worker);
    run.received = true;
    run.worker = worker;
    return run.run;
  }

  started(task: string, worker: string): number {
    const runs = this.#of(task);
    const waiting = runs.find((one) => one.worker === worker && one.received && !one.started);
    let run = waiting ?? last(runs);
    if (run === undefined) run = add(runs, 0, worker);
    else if (run.retryStored || run.ended === "retry") run = add(runs, runOf(retriesOf(run.run) + 1, 0), worker);
    else if (run.started && (run.ended === "outcome" || (run.worker !== undefined && run.worker !== worker)))
      run = add(runs, nextDelivery(run.run), worker);
    run.started = true;
    run.worker = worker;
    return run.run;
  }

  /** A retry: this run is over, and another will follow. `stored` when the result backend said it, not the worker. */
  retried(task: string, worker: string | undefined, stored = false): number {
    const runs = this.#of(task);
    const open = (one: Run): boolean => one.ended === undefined && !(stored && one.retryStored);
    const run =
      runs.find((one) => open(one) && worker !== undefined && one.worker === worker) ??
      runs.find(open) ??
      (stored ? add(runs, runOf(runs.length === 0 ? 0 : retriesOf(last(runs)!.run) + 1, 0), worker) : (last(runs) ?? add(runs, 0, worker)));
    if (stored) run.retryStored = true;
    else run.ended = "retry";
    return run.run;
  }

  /** An outcome told by the worker that had the task. */
  ended(task: string, worker: string | undefined): number {
    const runs = this.#of(task);
    const mine = runs.findLast((one) => one.ended === undefined && !one.retryStored && worker !== undefined && one.worker === worker);
    const run = mine ?? current(runs, worker);
    run.ended = "outcome";
    return run.run;
  }

  /** An outcome or a custom state of whichever attempt is the latest. `retries` where the source tells them. */
  latest(task: string, retries?: number): number {
    if (retries !== undefined) return this.seen(task, retries);
    return current(this.#of(task), undefined).run;
  }

  /** Whether any event of the task has passed here. */
  heardOf(task: string): boolean {
    return this.#runs.has(task);
  }

  #of(task: string): Run[] {
    let runs = this.#runs.get(task);
    if (runs === undefined) {
      runs = [];
      const known = this.#known.task(task);
      if (known !== undefined) {
        const run = add(runs, known.run, known.worker);
        run.received = known.received;
        run.started = known.started;
      }
    } else {
      this.#runs.delete(task);
    }
    this.#runs.set(task, runs);
    if (this.#runs.size > this.#bound) {
      const oldest = this.#runs.keys().next();
      if (oldest.done !== true) this.#runs.delete(oldest.value);
    }
    return runs;
  }
}

function add(runs: Run[], run: number, worker: string | undefined): Run {
  const one: Run = {
    run,
    worker,
    received: false,
    started: false,
    ended: undefined,
    retryStored: false,
  };
  const at = runs.findIndex((other) => other.run > run);
  if (at < 0) runs.push(one);
  else runs.splice(at, 0, one);
  return one;
}

/** The latest run, or the one that must have begun because the latest is known to have ended in a retry. */
function current(runs: Run[], worker: string | undefined): Run {
  const run = last(runs) ?? add(runs, 0, worker);
  return run.ended === "retry" || (run.retryStored && run.ended === undefined) ? add(runs, runOf(retriesOf(run.run) + 1, 0), worker) : run;
}

function last(runs: readonly Run[]): Run | undefined {
  return runs.at(-1);
}

function nextDelivery(run: number): number {
  const delivery = run % DELIVERIES_PER_RETRY;
  return delivery === DELIVERIES_PER_RETRY - 1 ? run : run + 1;
}
