import { FINAL_STATES, STATES } from "../model/task.ts";
import type { RowFilter } from "../view/filter.ts";

function stateIn(states: Iterable<string>): RowFilter {
  return { is: "any", of: Array.from(states, (pattern) => ({ is: "match", field: "state", pattern })) };
}

/** STARTED, and the states that tasks give themselves while they run. */
export function isRunningState(state: string): boolean {
  return state === "STARTED" || !STATES.some((known) => known === state);
}

export const running: RowFilter = { is: "not", of: stateIn(STATES.filter((state) => !isRunningState(state))) };

/** Taken by a worker and not begun. */
export const held: RowFilter = stateIn(["RECEIVED", "SCHEDULED"]);

export const ended: RowFilter = stateIn(FINAL_STATES);

export const failed: RowFilter = stateIn(["FAILURE"]);
