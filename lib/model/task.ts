/**
 * A task as its events tell it. Everything here is a fact or a rank that decides between facts; what a person sees is
 * computed by `stateOf`.
 */
export interface Task {
  id: string;
  name: string | undefined;
  queue: string | undefined;
  worker: string | undefined;
  exceptionType: string | undefined;
  parentId: string | undefined;
  rootId: string | undefined;
  groupId: string | undefined;
  /** The task that this one repeats. */
  rerunId: string | undefined;
  /** Run of the deciding event, and how far that run came. */
  run: number;
  step: Step;
  /** Name of the custom state when `step` is PROGRESS. */
  custom: string | undefined;
  /** When the deciding step happened. */
  stepAt: number;
  /** The highest run known. */
  lastRun: number;
  /** LOST or ENDED when the leader found it so, and when. Later evidence of life takes it back. */
  doubt: "LOST" | "ENDED" | undefined;
  doubtAt: number | undefined;
  /** When something last showed that the task exists: an event of it, its message, or a worker that holds it. */
  evidenceAt: number;
  /** When the producer published the first run. */
  sentAt: number | undefined;
  /** Of the deciding run. */
  receivedAt: number | undefined;
  startedAt: number | undefined;
  endedAt: number | undefined;
  /** Seconds in the pool as the worker measured them, in ms. */
  runtimeMs: number | undefined;
  etaAt: number | undefined;
  expiresAt: number | undefined;
  priority: number | undefined;
  /** Sum of `FLAG_…` of `event.ts`. */
  flags: number;
  /** The deciding step was concluded, not told. */
  inferred: boolean;
  /** The first and the latest moment that any event tells of it. */
  firstAt: number;
  lastAt: number;
  /** When we last heard of it; trimming goes by it. */
  seenAt: number;
  /** Ranks of the contested facts; see `fold.ts`. */
  nameRank: number;
  queueRank: number;
  workerRank: number;
}

/** How far a run has come; a later one never gives way to an earlier one of the same run. */
export const Step = {
  UNKNOWN: 0,
  SENT: 1,
  REVOKE_PROMISED: 2,
  RECEIVED: 3,
  STARTED: 4,
  PROGRESS: 5,
  REQUEUED: 6,
  RETRIED: 7,
  CANCELLED: 8,
  REVOKED: 9,
  REJECTED: 10,
  FAILED: 11,
  SUCCEEDED: 12,
} as const;
export type Step = (typeof Step)[keyof typeof Step];

/** A task of which nothing is known but its id. */
export function unknownTask(id: string): Task {
  return {
    id,
    name: undefined,
    queue: undefined,
    worker: undefined,
    exceptionType: undefined,
    parentId: undefined,
    rootId: undefined,
    groupId: undefined,
    rerunId: undefined,
    run: 0,
    step: Step.UNKNOWN,
    custom: undefined,
    stepAt: 0,
    lastRun: 0,
    doubt: undefined,
    doubtAt: undefined,
    evidenceAt: 0,
    sentAt: undefined,
    receivedAt: undefined,
    startedAt: undefined,
    endedAt: undefined,
    runtimeMs: undefined,
    etaAt: undefined,
    expiresAt: undefined,
    priority: undefined,
    flags: 0,
    inferred: false,
    firstAt: 0,
    lastAt: 0,
    seenAt: 0,
    nameRank: 0,
    queueRank: 0,
    workerRank: 0,
  };
}

/** The states that can be filtered by. Custom states of applications stand beside them under their own names. */
export const STATES = [
  "PENDING",
  "SCHEDULED",
  "RECEIVED",
  "STARTED",
  "RETRY",
  "SUCCESS",
  "FAILURE",
  "REVOKED",
  "REJECTED",
  "LOST",
  "ENDED",
] as const;

/** States in which nothing more is expected. */
export const FINAL_STATES: ReadonlySet<string> = new Set(["SUCCESS", "FAILURE", "REVOKED", "REJECTED", "LOST", "ENDED"]);
