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
      return computed((chunk, at) => retriesOf(table.lastRunOf(chunk, at)));
    case "priority":
      return computed((chunk, at) => table.priorityOf(chunk, at));
    case "wait":
      return computed((chunk, at) =>
        waitMs(
          chunk.startedAt[at]!,
          chunk.sentAt[at]!,
          chunk.receivedAt[at]!,
          table.rareFact(chunk.rare[at]!, Rare.ETA_AT),
          retriesOf(table.lastRunOf(chunk, at)) > 0,
        ),
      );
    case "runtime": {
      const isOver = table.words.state.table((state) => FINAL_STATES.has(state));
      return computed((chunk, at) => {
        const step = chunk.step[at]!;
        const running = (step === Step.STARTED || step === Step.PROGRESS) && isOver[chunk.state[at]!] === 0;
        const startedAt = lastRunIsApart(chunk.shape[at]!) ? NaN : chunk.startedAt[at]!;
        return runMs(chunk.runtimeMs[at]!, startedAt, running ? now : chunk.endedAt[at]!);
      });
    }
  }
}

function computed(numberOf: (chunk: TaskChunk, at: number) => number): NumbersOf {
  const numbers = new Float64Array(CHUNK_ROWS);
  return (chunk) => {
    for (let at = 0; at < chunk.top; at++) if (chunk.state[at] !== 0) numbers[at] = numberOf(chunk, at);
    return numbers;
  };
}
