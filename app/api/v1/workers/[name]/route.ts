import { WorkerQuery } from "../../../../../lib/contract/worker.ts";
import { get } from "../../../../../lib/http/route.ts";
import { getWorker } from "../../../../../lib/queries/get-worker.ts";

export const GET = get(WorkerQuery, getWorker);
