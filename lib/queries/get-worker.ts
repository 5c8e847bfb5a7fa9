import type { SortField, TaskRow } from "../contract/task.ts";
import type { WorkerDetail, WorkerQuery } from "../contract/worker.ts";
import { AppError } from "../errors.ts";
import type { Viewer } from "../model/viewer.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { scan } from "../view/query.ts";
import type { RowFilter } from "../view/filter.ts";
import { ended, held, running } from "./stages.ts";
import { taskRow } from "./task-row.ts";
import { watchedBroker } from "./watched-broker.ts";
import { workerRow } from "./worker-row.ts";

const SHOWN = 100;
const RECENT = 50;

/** One worker with what it runs, what it holds and what it did last, by our own account. */
export async function getWorker(monitor: Monitor, viewer: Viewer, query: WorkerQuery): Promise<WorkerDetail> {
  const { view } = watchedBroker(monitor, viewer, query.broker);
  const worker = view.workers.get(query.name);
  if (worker === undefined) throw new AppError("not-found", `No worker is called ${query.name}`);
  const now = Date.now();
  const own = (stage: RowFilter, sort: SortField, descending: boolean, limit: number): TaskRow[] => {
    const filter: RowFilter = { is: "all", of: [{ is: "match", field: "worker", pattern: query.name }, stage] };
    const { rows } = scan(view.table, { filter, sort, descending, limit, now });
    return rows.map((row) => taskRow(view.table.read(row), now));
  };
  return {
    worker: workerRow(worker),
    // What has run longest is what may be stuck.
    running: own(running, "started", false, SHOWN),
    held: own(held, "received", false, SHOWN),
    recent: own(ended, "ended", true, RECENT),
  };
}
