import { type } from "node:os";
import type { EventFields } from "./event-publisher.ts";

/** The release whose protocol this worker speaks; the identity says that it is no Python. */
export const SOFTWARE: EventFields = [
  ["sw_ident", "js-celery"],
  ["sw_ver", "5.7.0"],
  ["sw_sys", type()],
];
