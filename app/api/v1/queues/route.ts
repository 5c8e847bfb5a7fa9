import { QueueListQuery } from "../../../../lib/contract/queue.ts";
import { get } from "../../../../lib/http/route.ts";
import { listQueues } from "../../../../lib/queries/list-queues.ts";

export const GET = get(QueueListQuery, listQueues);
