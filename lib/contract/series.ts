import { z } from "zod";
import { At, Ms, Scope } from "./common.ts";

export const SERIES_DIMENSIONS = ["all", "name", "queue", "worker"] as const;

export const SeriesQuery = Scope.extend({
  by: z.enum(SERIES_DIMENSIONS).optional(),
  /** The one name, queue or worker to look at. */
  key: z.string().optional(),
});
export type SeriesQuery = z.infer<typeof SeriesQuery>;

/** One bucket. Latencies are percentiles of the runs that ended in it; null where none did. */
export const SeriesPoint = z.object({
  at: At,
  sent: z.number().int(),
  received: z.number().int(),
  started: z.number().int(),
  succeeded: z.number().int(),
  failed: z.number().int(),
  retried: z.number().int(),
  revoked: z.number().int(),
  rejected: z.number().int(),
  waitP50Ms: Ms.nullable(),
  waitP95Ms: Ms.nullable(),
  waitP99Ms: Ms.nullable(),
  runP50Ms: Ms.nullable(),
  runP95Ms: Ms.nullable(),
  runP99Ms: Ms.nullable(),
});
export type SeriesPoint = z.infer<typeof SeriesPoint>;

export const Series = z.object({ bucketMs: Ms, from: At, to: At, points: z.array(SeriesPoint) });
export type Series = z.infer<typeof Series>;

export const LiveQuery = Scope.pick({ broker: true });

/** What the live stream sends: a hint that something changed, never the thing itself. */
export const LiveMessage = z.object({
  /** `tick`: something changed. `resync`: this stream fell behind; ask everything again. */
  type: z.enum(["tick", "resync"]),
  at: At,
  ordinal: z.number(),
  /** Ids of changed tasks, when few; else null. */
  tasks: z.array(z.string()).nullable(),
  queues: z.boolean(),
  workers: z.boolean(),
});
export type LiveMessage = z.infer<typeof LiveMessage>;
