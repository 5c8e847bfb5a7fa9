import type { ActOutcome, RevokeRequest, TaskAddress } from "../contract/task.ts";
import type { Viewer } from "../model/viewer.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { actedEvent, attempted, recorded, targetOf } from "./act.ts";

/** Keeps a task that waits from running, or with `terminate` kills the process that runs it: two acts, each only where it makes sense. */
export async function revokeTask(monitor: Monitor, viewer: Viewer, address: TaskAddress, request: RevokeRequest): Promise<ActOutcome> {
  const terminate = request.terminate ?? false;
  const action = terminate ? "terminate" : "revoke";
  const target = targetOf(monitor, viewer, address, action);
  const { watched, task } = target;
  const options = { terminate, signal: request.signal ?? "SIGTERM", queue: task.queue };
  const outcome = await attempted(target, viewer, action, () => watched.broker.revoke(task.id, options));
  return { message: await recorded(watched, outcome, actedEvent(viewer, task, action, outcome)), id: null };
}
