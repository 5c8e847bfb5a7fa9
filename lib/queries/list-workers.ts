import type { Scope } from "../contract/common.ts";
import type { WorkerList } from "../contract/worker.ts";
import type { Viewer } from "../model/viewer.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { watchedBroker } from "./watched-broker.ts";
import { byUrgency, workerRow } from "./worker-row.ts";

/** All workers that were ever heard and are not forgotten, those in trouble first. */
export async function listWorkers(monitor: Monitor, viewer: Viewer, query: Scope): Promise<WorkerList> {
  const { view } = watchedBroker(monitor, viewer, query.broker);
  const workers = view.workers.all().map(workerRow).toSorted(byUrgency);
  return { workers, total: workers.length, omitted: view.workers.omitted };
}
