import { FLAG_REVOKE_PROMISED, retriesOf } from "./event.ts";
import { Step, type Task } from "./task.ts";

/** The state that people see and filter by: Celery's words, custom states under their own names, and SCHEDULED, LOST, ENDED. */
export function stateOf(task: Task): string {
  if (task.doubt !== undefined && isDoubtful(task)) {
    return task.doubt === "ENDED" && (task.flags & FLAG_REVOKE_PROMISED) !== 0 ? "REVOKED" : task.doubt;
  }
  switch (task.step) {
    case Step.SUCCEEDED:
      return "SUCCESS";
    case Step.FAILED:
      return "FAILURE";
    case Step.REJECTED:
    case Step.REQUEUED:
      return "REJECTED";
    case Step.REVOKED:
    case Step.REVOKE_PROMISED:
      return "REVOKED";
    case Step.CANCELLED:
      return "LOST";
    case Step.RETRIED:
      return "RETRY";
    case Step.PROGRESS:
      return task.custom ?? "PROGRESS";
    case Step.STARTED:
      return "STARTED";
    case Step.RECEIVED:
      return task.etaAt === undefined ? "RECEIVED" : waitingForTime(task);
    case Step.SENT:
      return task.etaAt === undefined && retriesOf(task.run) === 0 ? "PENDING" : waitingForTime(task);
    case Step.UNKNOWN:
      return "PENDING";
  }
}

function waitingForTime(task: Task): string {
  return retriesOf(task.run) > 0 ? "RETRY" : "SCHEDULED";
}

/** Whether a doubt counts: no outcome was told, and nothing has shown the task alive since. */
export function isDoubtful(task: Task): boolean {
  return task.doubt !== undefined && task.step < Step.REVOKED && (task.doubtAt ?? 0) > task.evidenceAt;
}

/** Whether the state was concluded rather than told. */
export function isInferred(task: Task): boolean {
  return task.inferred || isDoubtful(task);
}
