import type { TaskDetail, TaskRow } from "../contract/task.ts";
import type { Abilities } from "../brokers/broker.ts";
import { FINAL_STATES } from "../model/task.ts";
import type { Viewer } from "../model/viewer.ts";
import { isRunningState } from "./stages.ts";

type TaskAbilities = TaskDetail["abilities"];
type Ability = TaskAbilities["revoke"];

/** What can be done to a task now, and why not where not: by the viewer, by the kind of broker, by the state. */
export function abilitiesOf(row: TaskRow, broker: Abilities, viewer: Viewer): TaskAbilities {
  if (!viewer.mayAct) return { revoke: NOT_ALLOWED, terminate: NOT_ALLOWED, rerun: NOT_ALLOWED };
  return { revoke: revoke(row, broker), terminate: terminate(row, broker), rerun: rerun(row, broker) };
}

const POSSIBLE: Ability = { possible: true, reason: null };
const NOT_ALLOWED = no("You may look, but not act.");

function no(reason: string): Ability {
  return { possible: false, reason };
}

function revoke(row: TaskRow, broker: Abilities): Ability {
  if (!broker.revokeQueued) return no("This kind of broker cannot revoke.");
  if (row.tag === "revoke promised") return no("It is marked as revoked already.");
  if (isRunningState(row.state)) return no("It runs already; only terminating ends it.");
  // A lost task's message may come back, and then a revoke keeps it from running again.
  return FINAL_STATES.has(row.state) && row.state !== "LOST" ? no("It is over.") : POSSIBLE;
}

function terminate(row: TaskRow, broker: Abilities): Ability {
  if (!broker.terminateRunning) return no("This kind of broker cannot terminate.");
  return isRunningState(row.state) ? POSSIBLE : no(FINAL_STATES.has(row.state) ? "It is over." : "It does not run.");
}

function rerun(row: TaskRow, broker: Abilities): Ability {
  if (!broker.rerun) return no("This kind of broker cannot run a task again.");
  if (row.name === null) return no("Its name is not known.");
  return FINAL_STATES.has(row.state) ? POSSIBLE : no("It is not over; it would run twice.");
}
