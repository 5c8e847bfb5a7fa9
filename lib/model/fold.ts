/**
 * One task and one event in, one task out. The result depends on which events were folded, never on their order or on
 * repeats, so that replicas and restarts agree:
 *
 * - The state is decided by the event of the highest **rank**: the later run wins, within a run the later step, and a
 *   success over everything, as Celery itself protects it. At equal rank what was told wins over what was concluded.
 * - Contested facts (name, queue, worker) carry the rank of the event that gave them.
 * - Times describe the highest run that is known.
 * - A doubt (LOST, ENDED) holds until something heard later shows the task alive.
 */
import { FLAG_EXHAUSTED, FLAG_EXPIRED, FLAG_REQUEUED, FLAG_REVOKE_PROMISED, FLAG_TERMINATED, type TaskEvent } from "./event.ts";
import { Step, unknownTask, type Task } from "./task.ts";

/** Flags that describe the deciding step; the others describe the task and stay. */
const STEP_FLAGS = FLAG_EXPIRED | FLAG_TERMINATED | FLAG_REQUEUED | FLAG_EXHAUSTED;

const STEPS_PER_RUN = 16;
const SUCCESS_RANK = 2 ** 31;

/** Order among the things that can be said of a task; fits 32 bits. */
export function rankOf(run: number, step: Step): number {
  return Math.min(run * STEPS_PER_RUN + step, SUCCESS_RANK - 1) + (step === Step.SUCCEEDED ? SUCCESS_RANK : 0);
}

export function fold(task: Task | undefined, event: TaskEvent): Task {
  const next = task === undefined ? { ...unknownTask(event.task), firstAt: Infinity } : { ...task };
  next.seenAt = Math.max(next.seenAt, event.seenAt);
  next.firstAt = Math.min(next.firstAt, event.fromAt ?? event.at);
  next.lastAt = Math.max(next.lastAt, event.lastAt ?? event.at);
  if (event.type === "task.acted") return next;

  const run = event.run ?? 0;
  const step = stepOf(event);
  const rank = rankOf(run, step);

  keepFacts(next, event, rank);
  enterRun(next, event.lastRun ?? run);
  if (event.type === "task.lost" || event.type === "task.ended") {
    doubt(next, run, event.type === "task.lost" ? "LOST" : "ENDED", event.seenAt);
    return next;
  }
  if (event.doubt === "LOST" || event.doubt === "ENDED") doubt(next, event.lastRun ?? run, event.doubt, event.doubtAt ?? event.seenAt);
  next.evidenceAt = Math.max(next.evidenceAt, event.type === "task.known" ? (event.evidenceAt ?? 0) : event.seenAt);
  keepTimes(next, event, run);
  decide(next, event, run, step, rank);
  return next;
}

/** How far the run has come by this event. */
export function stepOf(event: TaskEvent): Step {
  const flags = event.flags ?? 0;
  switch (event.type) {
    case "task.sent":
    case "task.waiting":
      return Step.SENT;
    case "task.received":
    case "task.held":
      return Step.RECEIVED;
    case "task.started":
    case "task.running":
      return Step.STARTED;
    case "task.progress":
      return Step.PROGRESS;
    case "task.retried":
      return Step.RETRIED;
    case "task.cancelled":
      return Step.CANCELLED;
    case "task.revoked":
      return (flags & FLAG_REVOKE_PROMISED) === 0 ? Step.REVOKED : Step.REVOKE_PROMISED;
    case "task.rejected":
      return (flags & FLAG_REQUEUED) === 0 ? Step.REJECTED : Step.REQUEUED;
    case "task.failed":
      return Step.FAILED;
    case "task.succeeded":
      return Step.SUCCEEDED;
    case "task.known":
      return knownStep(event.step);
    case "task.lost":
    case "task.ended":
    case "task.acted":
      return Step.UNKNOWN;
  }
}

const ALL_STEPS: readonly Step[] = Object.values(Step);

function knownStep(step: number | undefined): Step {
  return ALL_STEPS.find((known) => known === step) ?? Step.UNKNOWN;
}

function keepFacts(task: Task, event: TaskEvent, rank: number): void {
  const { nameRank = rank, queueRank = rank, workerRank = rank } = event;
  if (event.name !== undefined && wins(nameRank, event.name, task.nameRank, task.name)) {
    task.name = event.name;
    task.nameRank = nameRank;
  }
  if (event.worker !== undefined && wins(workerRank, event.worker, task.workerRank, task.worker)) {
    task.worker = event.worker;
    task.workerRank = workerRank;
  }
  if (event.queue !== undefined && wins(queueRank, event.queue, task.queueRank, task.queue)) {
    task.queue = event.queue;
    task.queueRank = queueRank;
  }
  task.parentId = larger(task.parentId, event.parentId);
  task.rootId = larger(task.rootId, event.rootId);
  task.groupId = larger(task.groupId, event.groupId);
  task.rerunId = larger(task.rerunId, event.rerunId);
  task.priority = larger(task.priority, event.priority);
  task.expiresAt = larger(task.expiresAt, event.expiresAt);
  task.flags |= (event.flags ?? 0) & ~STEP_FLAGS;
}

/** The higher rank wins; at equal rank any fixed order will do, so that the order of arrival does not matter. */
function wins(rank: number, value: string, heldRank: number, held: string | undefined): boolean {
  return held === undefined || rank > heldRank || (rank === heldRank && value > held);
}

function enterRun(task: Task, run: number): void {
  if (run <= task.lastRun) return;
  task.lastRun = run;
  task.receivedAt = undefined;
  task.startedAt = undefined;
  task.etaAt = undefined;
  task.doubt = undefined;
  task.doubtAt = undefined;
}

function doubt(task: Task, run: number, kind: "LOST" | "ENDED", at: number): void {
  if (run < task.lastRun) return;
  const held = task.doubtAt ?? 0;
  if (at > held || (at === held && kind > (task.doubt ?? ""))) {
    task.doubt = kind;
    task.doubtAt = at;
  }
}

function keepTimes(task: Task, event: TaskEvent, run: number): void {
  if (event.type === "task.sent") task.sentAt = smaller(task.sentAt, event.at);
  task.sentAt = smaller(task.sentAt, event.sentAt);
  if ((event.lastRun ?? run) < task.lastRun) return;
  if (event.type === "task.received") task.receivedAt = smaller(task.receivedAt, event.at);
  if (event.type === "task.started") task.startedAt = smaller(task.startedAt, event.at);
  task.receivedAt = smaller(task.receivedAt, event.receivedAt);
  task.startedAt = smaller(task.startedAt, event.startedAt);
  task.etaAt = larger(task.etaAt, event.etaAt);
}

function decide(task: Task, event: TaskEvent, run: number, step: Step, rank: number): void {
  const heldRank = rankOf(task.run, task.step);
  if (rank < heldRank) return;
  const flags = (event.flags ?? 0) & STEP_FLAGS;
  if (rank > heldRank) {
    task.run = run;
    task.step = step;
    task.exceptionType = event.exceptionType;
    task.runtimeMs = event.runtimeMs;
    task.flags = (task.flags & ~STEP_FLAGS) | flags;
    tell(task, event);
  } else {
    task.exceptionType = larger(task.exceptionType, event.exceptionType);
    task.runtimeMs = larger(task.runtimeMs, event.runtimeMs);
    task.flags |= flags;
    if (tellsBetter(task, event, step)) tell(task, event);
  }
  task.endedAt = step >= Step.REQUEUED ? task.stepAt : undefined;
}

function tell(task: Task, event: TaskEvent): void {
  task.stepAt = event.at;
  task.custom = event.state;
  task.inferred = event.inferred ?? false;
}

/**
 * Two tellings of the same step: told before concluded. Of a beginning the first holds. Of an end the last: the result
 * backend tells it from inside the pool process, before the worker that also told the beginning does.
 */
function tellsBetter(task: Task, event: TaskEvent, step: Step): boolean {
  const inferred = event.inferred ?? false;
  if (inferred !== task.inferred) return task.inferred;
  if (step < Step.PROGRESS) return event.at < task.stepAt;
  return event.at > task.stepAt || (event.at === task.stepAt && (event.state ?? "") > (task.custom ?? ""));
}

function larger<T extends string | number>(held: T | undefined, told: T | undefined): T | undefined {
  if (held === undefined || told === undefined) return held ?? told;
  return told > held ? told : held;
}

function smaller(held: number | undefined, told: number | undefined): number | undefined {
  if (held === undefined || told === undefined) return held ?? told;
  return Math.min(held, told);
}
