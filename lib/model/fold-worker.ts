import type { WorkerEvent } from "./event.ts";
import type { Worker, WorkerData } from "./worker.ts";

/**
 * One worker and one event in, one worker out. Worker events are folded in the order of the log: what follows from
 * silence (late, lost) is itself an event there, so replicas agree without asking a clock.
 */
export function foldWorker(worker: Worker | undefined, event: WorkerEvent): Worker {
  if (event.type === "worker.known") return restored(worker, event);
  const data = workerDataOf(event);
  const held = worker ?? unknownWorker(event);
  const next: Worker = { ...held, ...factsOf(data) };
  const state = stateAfter(held, event, data);
  if (state !== held.state || data.reason !== undefined) {
    next.reason = data.reason ?? "";
    if (state !== held.state) next.stateAt = event.seenAt;
    next.state = state;
  }
  if (event.pid !== undefined && event.type !== "worker.inspected") next.pid = event.pid;
  if (event.type === "worker.online" || (next.pid !== held.pid && held.pid !== undefined)) {
    next.boots = held.boots + 1;
    next.startedAt = event.at;
  }
  if (showsLife(event)) next.lastSeenAt = Math.max(held.lastSeenAt, event.seenAt);
  if (event.type === "worker.heartbeat" || event.type === "worker.online")
    next.clockOffsetMs = data.clockOffsetMs ?? Math.round(event.at - event.seenAt);
  return next;
}

/**
 * All that is known of a worker as one event. Folded alone it gives the same worker; onto one of which more is known already,
 * it adds what is missing. What tasks count is left to them.
 */
export function knownOfWorker(worker: Worker, seenAt: number): WorkerEvent {
  const { name, succeeded: _s, failed: _f, ...facts } = worker;
  return { type: "worker.known", worker: name, at: worker.stateAt, seenAt, source: "leader", details: JSON.stringify(facts) };
}

function restored(worker: Worker | undefined, event: WorkerEvent): Worker {
  const known: Worker = { ...unknownWorker(event), ...workerDataOf(event) };
  if (worker === undefined) return known;
  const firstSeenAt = Math.min(known.firstSeenAt, worker.firstSeenAt);
  return { ...known, ...worker, firstSeenAt, boots: Math.max(known.boots, worker.boots) };
}

function unknownWorker(event: WorkerEvent): Worker {
  return {
    name: event.worker,
    state: "silent",
    kind: "worker",
    reason: "",
    stateAt: event.seenAt,
    firstSeenAt: event.seenAt,
    lastSeenAt: 0,
    boots: 0,
    succeeded: 0,
    failed: 0,
  };
}

function stateAfter(held: Worker, event: WorkerEvent, data: WorkerData): Worker["state"] {
  if (data.state !== undefined) return data.state;
  switch (event.type) {
    case "worker.online":
    case "worker.heartbeat":
      return "online";
    case "worker.offline":
      return "stopped";
    case "worker.late":
      return "late";
    case "worker.lost":
      return "lost";
    case "worker.inspected":
    case "worker.known":
    case "worker.gone":
      return held.state;
  }
}

function showsLife(event: WorkerEvent): boolean {
  return event.type !== "worker.late" && event.type !== "worker.lost" && event.type !== "worker.gone";
}

/** What a worker's event carries; nothing when it cannot be read, which only a foreign hand in the log can cause. */
function workerDataOf(event: WorkerEvent): WorkerData {
  if (event.details === undefined) return {};
  try {
    const data: unknown = JSON.parse(event.details);
    // Written by the leader from a checked `WorkerData`; the log is ours alone.
    return typeof data === "object" && data !== null ? (data as WorkerData) : {};
  } catch {
    return {};
  }
}

function factsOf(data: WorkerData): Omit<WorkerData, "state" | "reason"> {
  const { state: _state, reason: _reason, ...facts } = data;
  return facts;
}
