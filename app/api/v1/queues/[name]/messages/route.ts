import { QueueMessagesQuery } from "../../../../../../lib/contract/queue.ts";
import { get } from "../../../../../../lib/http/route.ts";
import { peekQueue } from "../../../../../../lib/queries/peek-queue.ts";

export const GET = get(QueueMessagesQuery, peekQueue);
