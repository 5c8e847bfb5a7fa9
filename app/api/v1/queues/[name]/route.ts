import { QueueQuery } from "../../../../../lib/contract/queue.ts";
import { get } from "../../../../../lib/http/route.ts";
import { getQueue } from "../../../../../lib/queries/get-queue.ts";

export const GET = get(QueueQuery, getQueue);
