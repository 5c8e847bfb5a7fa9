import { WorkerQuery } from "../../../../../../lib/contract/worker.ts";
import { get } from "../../../../../../lib/http/route.ts";
import { inspectWorker } from "../../../../../../lib/queries/inspect-worker.ts";

export const GET = get(WorkerQuery, inspectWorker);
