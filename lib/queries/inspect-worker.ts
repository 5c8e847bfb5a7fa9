import type { WorkerInspection, WorkerQuery } from "../contract/worker.ts";
import { AppError } from "../errors.ts";
import type { Viewer } from "../model/viewer.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { watchedBroker } from "./watched-broker.ts";

/** A worker with a pool of its own answers at once, a `solo` one only between tasks; nobody waits longer for a page. */
const TIMEOUT_MS = 2_000;

/** What the worker itself answers now. A worker that does not answer is an answer too. */
export async function inspectWorker(monitor: Monitor, viewer: Viewer, query: WorkerQuery): Promise<WorkerInspection> {
  const { broker } = watchedBroker(monitor, viewer, query.broker);
  if (!broker.abilities.workerControl) throw new AppError("conflict", "Workers of this kind of broker cannot be asked");
  return await broker.inspectWorker(query.name, TIMEOUT_MS);
}
