import type { Task } from "../model/task.ts";
import type { TaskChunk } from "./task-chunk.ts";

/**
 * How the facts without a column of their own are stored, in 16 bits: for three times which column they equal, and a few
 * yes or no. An exact equal is the rule (a task that succeeded has its last step at its end), so this loses nothing.
 */
const FROM_BITS = 7;
const FIRST_AT_SHIFT = 3;
const EVIDENCE_AT_SHIFT = 6;
const LOST = 1 << 9;
const ENDED = 1 << 10;
const INFERRED = 1 << 11;
/** The custom state is the state that people see. */
const CUSTOM_SHOWN = 1 << 12;
const LAST_RUN_APART = 1 << 13;

const From = { NOWHERE: 0, LAST: 1, SENT: 2, RECEIVED: 3, STARTED: 4, ENDED: 5, SEEN: 6, APART: 7 } as const;

export function shapeOf(task: Task, state: string): number {
  return (
    sourceOf(task.stepAt, task) |
    (sourceOf(task.firstAt, task) << FIRST_AT_SHIFT) |
    (sourceOf(task.evidenceAt, task) << EVIDENCE_AT_SHIFT) |
    (task.doubt === "LOST" ? LOST : task.doubt === "ENDED" ? ENDED : 0) |
    (task.inferred ? INFERRED : 0) |
    (task.custom !== undefined && task.custom === state ? CUSTOM_SHOWN : 0) |
    (task.lastRun === task.run ? 0 : LAST_RUN_APART)
  );
}

export const stepAtIsApart = (shape: number): boolean => (shape & FROM_BITS) === From.APART;
export const firstAtIsApart = (shape: number): boolean => ((shape >>> FIRST_AT_SHIFT) & FROM_BITS) === From.APART;
export const evidenceAtIsApart = (shape: number): boolean => ((shape >>> EVIDENCE_AT_SHIFT) & FROM_BITS) === From.APART;
export const lastRunIsApart = (shape: number): boolean => (shape & LAST_RUN_APART) !== 0;
export const customIsShown = (shape: number): boolean => (shape & CUSTOM_SHOWN) !== 0;
export const isInferred = (shape: number): boolean => (shape & INFERRED) !== 0;

export function doubtIn(shape: number): Task["doubt"] {
  return (shape & LOST) !== 0 ? "LOST" : (shape & ENDED) !== 0 ? "ENDED" : undefined;
}

/** Each of the three times; `apart` is its value in `RareFacts`. */
export function stepAtIn(shape: number, chunk: TaskChunk, at: number, apart: number): number {
  return timeFrom(shape & FROM_BITS, chunk, at, apart);
}
export function firstAtIn(shape: number, chunk: TaskChunk, at: number, apart: number): number {
  return timeFrom((shape >>> FIRST_AT_SHIFT) & FROM_BITS, chunk, at, apart);
}
export function evidenceAtIn(shape: number, chunk: TaskChunk, at: number, apart: number): number {
  return timeFrom((shape >>> EVIDENCE_AT_SHIFT) & FROM_BITS, chunk, at, apart);
}

function sourceOf(time: number, task: Task): number {
  switch (time) {
    case 0:
      return From.NOWHERE;
    case task.lastAt:
      return From.LAST;
    case task.seenAt:
      return From.SEEN;
    case task.sentAt:
      return From.SENT;
    case task.receivedAt:
      return From.RECEIVED;
    case task.startedAt:
      return From.STARTED;
    case task.endedAt:
      return From.ENDED;
    default:
      return From.APART;
  }
}

function timeFrom(source: number, chunk: TaskChunk, at: number, apart: number): number {
  switch (source) {
    case From.LAST:
      return chunk.lastAt[at]!;
    case From.SEEN:
      return chunk.seenAt[at]!;
    case From.SENT:
      return chunk.sentAt[at]!;
    case From.RECEIVED:
      return chunk.receivedAt[at]!;
    case From.STARTED:
      return chunk.startedAt[at]!;
    case From.ENDED:
      return chunk.endedAt[at]!;
    case From.APART:
      return apart;
    default:
      return 0;
  }
}
