import { WorkerListQuery } from "../../../../lib/contract/worker.ts";
import { get } from "../../../../lib/http/route.ts";
import { listWorkers } from "../../../../lib/queries/list-workers.ts";

export const GET = get(WorkerListQuery, listWorkers);
