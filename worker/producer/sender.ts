import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Sender } from "./message-options.ts";

/** What messages say of this process. Celery makes the second one for each thread; only its `rpc://` results use it. */
export const SENDER: Sender = { origin: `gen${process.pid}@${hostname()}`, replyTo: randomUUID() };
