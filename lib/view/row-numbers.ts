import { retriesOf } from "../model/event.ts";
import { FINAL_STATES, Step } from "../model/task.ts";
import type { NumberField, TimeField } from "./filter.ts";
import { runMs, waitMs } from "./latency.ts";
import { Rare } from "./rare-facts.ts";
import { lastRunIsApart } from "./row-shape.ts";
import { CHUNK_ROWS, type TaskChunk } from "./task-chunk.ts";
import type { TaskTable } from "./task-table.ts";

/** The numbers of a chunk's rows: a column itself, or one made for the moment and overwritten by the next call. NaN: not known. */
export type NumbersOf = (chunk: TaskChunk) => Float64Array;

export function timesOf(field: TimeField): NumbersOf {
  switch (field) {
    case "last":
      return (chunk) => chunk.lastAt;
    case "sent":
      return (chunk) => chunk.sentAt;
    case "received":
      return (chunk) => chunk.receivedAt;
    case "started":
      return (chunk) => chunk.startedAt;
    case "ended":
      return (chunk) => chunk.endedAt;
  }
}

/** `now` decides how long running tasks have run, epoch ms. */
export function numbersOf(field: NumberField, table: TaskTable, now: number): NumbersOf {
  switch (field) {
    case "retries":
      return rowByRow((chunk, at) => retriesOf(table.lastRunOf(chunk, at)));
    case "priority":
      return rowByRow((chunk, at) => table.priorityOf(chunk, at));
    case "wait":
      return waitsOf(table);
    case "runtime":
      return runsOf(table, now);
  }
}

function waitsOf(table: TaskTable): NumbersOf {
  const waits = new Float64Array(CHUNK_ROWS);
  return (chunk) => {
    const { state, startedAt, sentAt, receivedAt, rare, shape, run } = chunk;
    const { top } = chunk;
    for (let at = 0; at < top; at++) {
      if (state[at] === 0) continue;
      const lastRun = lastRunIsApart(shape[at]!) ? table.lastRunOf(chunk, at) : run[at]!;
      const etaAt = rare[at] === 0 ? NaN : table.rareFact(rare[at]!, Rare.ETA_AT);
      waits[at] = waitMs(startedAt[at]!, sentAt[at]!, receivedAt[at]!, etaAt, retriesOf(lastRun) > 0);
    }
    return waits;
  };
}

function runsOf(table: TaskTable, now: number): NumbersOf {
  const isOver = table.words.state.table((state) => FINAL_STATES.has(state));
  const runs = new Float64Array(CHUNK_ROWS);
  return (chunk) => {
    const { state, step, startedAt, endedAt, runtimeMs, shape } = chunk;
    const { top } = chunk;
    for (let at = 0; at < top; at++) {
      const running = (step[at] === Step.STARTED || step[at] === Step.PROGRESS) && isOver[state[at]!] === 0;
      const began = lastRunIsApart(shape[at]!) ? NaN : startedAt[at]!;
      runs[at] = runMs(runtimeMs[at]!, began, running ? now : endedAt[at]!);
    }
    return runs;
  };
}

function rowByRow(numberOf: (chunk: TaskChunk, at: number) => number): NumbersOf {
  const numbers = new Float64Array(CHUNK_ROWS);
  return (chunk) => {
    const { top } = chunk;
    for (let at = 0; at < top; at++) if (chunk.state[at] !== 0) numbers[at] = numberOf(chunk, at);
    return numbers;
  };
}
