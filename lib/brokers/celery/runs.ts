import { DELIVERIES_PER_RETRY, retriesOf, runOf } from "../../model/event.ts";
import { Step } from "../../model/task.ts";
import type { Known, KnownTask } from "../broker.ts";

/** More retries than any task has; keeps what a broken producer may write within what a rank can hold. */
const MOST_RETRIES = 1_000_000;
/** Runs of one task that are told apart; of a task that comes back more often the first are forgotten. */
const MOST_RUNS = 64;

/** One execution as far as this process has heard of it. */
interface Run {
  run: number;
  worker: string | undefined;
  /** A worker has or had it, though none told so: its message was seen unacknowledged, or a worker was asked. */
  held: boolean;
  received: boolean;
  started: boolean;
  ended: "retry" | "outcome" | undefined;
  /** The result backend said RETRY for it; the worker's own event may come before or after. */
  retryStored: boolean;
}

interface Heard {
  runs: Run[];
  /** When its own events or results were last heard, by our clock; 0 when it was only looked up. */
  at: number;
}

/**
 * Says to which run of its task an event belongs. Celery tells the number of retries only when a task is sent or
 * received; `task-started` and all that follows carry just the id. The rules rest on what a worker guarantees: its own
 * events come in order, and attempt n + 1 exists only because attempt n ended in a retry. So a retry ends the lowest open
 * run, an outcome the highest. A message that is received again with the same number of retries is a new delivery.
 *
 * Remembers about the last `bound` tasks; older ones are looked up in what is known.
 */
export class Runs {
  readonly #known: Pick<Known, "task">;
  readonly #bound: number;
  /** Two generations: when the young one is full it becomes the old one, and what the old one held is forgotten. */
  #young = new Map<string, Heard>();
  #old = new Map<string, Heard>();

  constructor(known: Pick<Known, "task">, bound = 50_000) {
    this.#known = known;
    this.#bound = bound;
  }

  /** A message with so many retries was published. */
  sent(task: string, retries: number, at: number): number {
    const heard = this.#of(task);
    heard.at = Math.max(heard.at, at);
    return attemptOf(heard.runs, retries).run;
  }

  /** A message with so many retries lies in a queue. Never a new delivery by itself. */
  seen(task: string, retries: number): number {
    return attemptOf(this.#of(task).runs, retries).run;
  }

  /** A message with so many retries is unacknowledged. Never a new delivery by itself. */
  held(task: string, retries: number): number {
    const run = attemptOf(this.#of(task).runs, retries);
    run.held = true;
    return run.run;
  }

  /** The message lies in its queue again after a worker had it: what follows is another delivery. */
  returned(task: string, retries: number, since: number): number {
    return this.#delivery(task, retries, since).run;
  }

  /** The message is unacknowledged anew, and was given back in between. */
  heldAgain(task: string, retries: number, since: number): number {
    const run = this.#delivery(task, retries, since);
    run.held = true;
    return run.run;
  }

  /** Another delivery, unless its task was heard of after `since`, when looking began: then this may be the one heard of. */
  #delivery(task: string, retries: number, since: number): Run {
    const heard = this.#of(task);
    const run = attemptOf(heard.runs, retries);
    const wasTaken = run.held || run.received || run.started || run.ended !== undefined;
    return wasTaken && heard.at < since ? add(heard.runs, nextDelivery(run.run), undefined) : run;
  }

  received(task: string, retries: number, worker: string, at: number): number {
    const { runs } = this.#heard(task, at);
    let run = attemptOf(runs, retries);
    const isTaken = run.received || (run.worker !== undefined && run.worker !== worker);
    if (isTaken) run = add(runs, nextDelivery(run.run), worker);
    run.received = true;
    run.worker = worker;
    return run.run;
  }

  started(task: string, worker: string, at: number): number {
    const { runs } = this.#heard(task, at);
    const waiting = runs.findLast((one) => one.worker === worker && one.received && !one.started);
    let run = waiting ?? current(runs, worker);
    const isAnother = run.started && (run.ended === "outcome" || (run.worker !== undefined && run.worker !== worker));
    if (isAnother) run = add(runs, nextDelivery(run.run), worker);
    run.started = true;
    run.worker = worker;
    return run.run;
  }

  /** The worker tells that this run ended in a retry. */
  retried(task: string, worker: string, at: number): number {
    const { runs } = this.#heard(task, at);
    const open = attemptsIn(runs).filter((attempt) => !attempt.some((one) => one.ended === "retry"));
    const run =
      firstOf(open, (attempt) => attempt.findLast((one) => isOpenOn(one, worker))) ??
      firstOf(open, (attempt) => attempt.findLast((one) => one.retryStored || (one.worker === undefined && retriesOf(one.run) === 0))) ??
      attemptBefore(runs) ??
      firstOf(open, last) ??
      last(runs) ??
      add(runs, 0, worker);
    run.ended = "retry";
    return run.run;
  }

  /** The result backend tells a retry, once for each. Told by the worker as well, in either order, it is still one. */
  retryStored(task: string, retries: number | undefined, at: number): number {
    const { runs } = this.#heard(task, at);
    const run = retries === undefined ? (this.#notStored(runs) ?? add(runs, nextAttempt(last(runs)), undefined)) : attemptOf(runs, retries);
    run.retryStored = true;
    return run.run;
  }

  /** An outcome told by the worker that had the task. */
  ended(task: string, worker: string, at: number): number {
    const { runs } = this.#heard(task, at);
    const run = runs.findLast((one) => isOpenOn(one, worker) && !one.retryStored) ?? current(runs, worker);
    run.ended = "outcome";
    return run.run;
  }

  /** The worker stopped the run. A cold shutdown stores RETRY for it all the same, though nothing will retry. */
  cancelled(task: string, worker: string, at: number): number {
    const { runs } = this.#heard(task, at);
    const run = runs.findLast((one) => isOpenOn(one, worker)) ?? last(runs) ?? add(runs, 0, worker);
    run.ended = "outcome";
    return run.run;
  }

  /** A stored outcome or a custom event, of whichever attempt is the latest. `retries` where the source tells them. */
  latest(task: string, retries: number | undefined, at: number): number {
    const { runs } = this.#heard(task, at);
    return (retries === undefined ? current(runs, undefined) : attemptOf(runs, retries)).run;
  }

  /**
   * A stored state that is no outcome. Results come in order: as long as the stored RETRY of an attempt has not come, what is
   * stored belongs to that attempt, even if its worker has told the retry already.
   */
  stored(task: string, retries: number | undefined, at: number): number {
    const { runs } = this.#heard(task, at);
    const run = retries === undefined ? this.#notStored(runs) : undefined;
    return run?.run ?? this.latest(task, retries, at);
  }

  /** The first attempt that has not been stored as retried. One whose message alone was seen had others before it. */
  #notStored(runs: Run[]): Run | undefined {
    const open = attemptsIn(runs).filter((attempt) => !attempt.some((one) => one.retryStored));
    const isTaken = (one: Run): boolean => one.worker !== undefined || one.received || one.ended !== undefined || retriesOf(one.run) === 0;
    return firstOf(open, (attempt) => (attempt.some(isTaken) ? last(attempt) : undefined)) ?? attemptBefore(runs) ?? firstOf(open, last);
  }

  /**
   * A worker was asked and has the task. Undefined when the task was heard of since `askedAt`: what was heard is newer, or
   * may be. A worker other than the one that had the task has it by another delivery.
   */
  onWorker(task: string, worker: string, askedAt: number): number | undefined {
    const { runs, at } = this.#of(task);
    if (at >= askedAt) return undefined;
    const mine = runs.findLast((one) => isOpenOn(one, worker) && !one.retryStored);
    if (mine !== undefined) return mine.run;
    const run = current(runs, worker);
    const isAnother = run.ended === "outcome" || (run.worker !== undefined && run.worker !== worker);
    const its = isAnother ? add(runs, nextDelivery(run.run), worker) : run;
    its.worker = worker;
    its.held = true;
    return its.run;
  }

  /** Whether the task is one that passed here. */
  knows(task: string): boolean {
    return this.#young.has(task) || this.#old.has(task);
  }

  /** When its own events or results were last heard; 0 when not for long. */
  heardAt(task: string): number {
    return (this.#young.get(task) ?? this.#old.get(task))?.at ?? 0;
  }

  #heard(task: string, at: number): Heard {
    const heard = this.#of(task);
    if (at > heard.at) heard.at = at;
    return heard;
  }

  #of(task: string): Heard {
    const young = this.#young.get(task);
    if (young !== undefined) return young;
    const heard = this.#old.get(task) ?? remembered(this.#known.task(task));
    if (this.#young.size >= this.#bound / 2) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(task, heard);
    return heard;
  }
}

/** The number of retries as it may be reckoned with: producers of other makes can write anything. */
export function boundedRetries(retries: number | null): number {
  return retries === null || !(retries > 0) ? 0 : Math.min(Math.trunc(retries), MOST_RETRIES);
}

function remembered(known: KnownTask | undefined): Heard {
  const runs: Run[] = [];
  if (known !== undefined) {
    const run = add(runs, known.run, known.worker);
    run.held = known.step >= Step.RECEIVED;
    run.received = known.received;
    run.started = known.started;
    if (known.step === Step.RETRIED) run.ended = "retry";
    else if (known.step > Step.RETRIED || known.step === Step.REQUEUED) run.ended = "outcome";
  }
  return { runs, at: 0 };
}

/** The latest delivery of an attempt. */
function attemptOf(runs: Run[], retries: number): Run {
  const attempt = boundedRetries(retries);
  return runs.findLast((one) => retriesOf(one.run) === attempt) ?? add(runs, runOf(attempt, 0), undefined);
}

/** The runs by attempt, each with its deliveries in order. */
function attemptsIn(runs: readonly Run[]): Run[][] {
  return [...Map.groupBy(runs, (one) => retriesOf(one.run)).values()];
}

function firstOf(attempts: readonly Run[][], choose: (attempt: Run[]) => Run | undefined): Run | undefined {
  for (const attempt of attempts) {
    const run = choose(attempt);
    if (run !== undefined) return run;
  }
  return undefined;
}

/** The attempt before the first one known, if there was one: a retry of it is told after its successor was seen. */
function attemptBefore(runs: Run[]): Run | undefined {
  const [first] = runs;
  if (first === undefined || first.ended !== undefined || first.retryStored || retriesOf(first.run) === 0) return undefined;
  return add(runs, runOf(retriesOf(first.run) - 1, 0), undefined);
}

/** The latest run, or the one that must have begun because the latest is known to have ended in a retry. */
function current(runs: Run[], worker: string | undefined): Run {
  const run = last(runs);
  if (run === undefined) return add(runs, 0, worker);
  const isStored = runs.some((one) => one.retryStored && retriesOf(one.run) === retriesOf(run.run));
  const isOver = run.ended === "retry" || (isStored && run.ended === undefined);
  return isOver ? add(runs, nextAttempt(run), worker) : run;
}

function add(runs: Run[], run: number, worker: string | undefined): Run {
  const held = runs.find((one) => one.run === run);
  if (held !== undefined) return held;
  const one: Run = { run, worker, held: false, received: false, started: false, ended: undefined, retryStored: false };
  const at = runs.findIndex((other) => other.run > run);
  if (at < 0) runs.push(one);
  else runs.splice(at, 0, one);
  if (runs.length > MOST_RUNS) runs.shift();
  return one;
}

function isOpenOn(run: Run, worker: string): boolean {
  return run.ended === undefined && run.worker === worker;
}

function last(runs: readonly Run[]): Run | undefined {
  return runs.at(-1);
}

function nextAttempt(run: Run | undefined): number {
  return run === undefined ? 0 : runOf(Math.min(retriesOf(run.run) + 1, MOST_RETRIES), 0);
}

function nextDelivery(run: number): number {
  return run % DELIVERIES_PER_RETRY === DELIVERIES_PER_RETRY - 1 ? run : run + 1;
}
