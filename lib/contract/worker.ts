import { z } from "zod";
import { At, Ms, Scope } from "./common.ts";
import { TaskRow } from "./task.ts";

export const WORKER_STATES = ["online", "late", "lost", "stopped", "looping", "silent"] as const;

export const WorkerRow = z.object({
  name: z.string(),
  /** `silent`: it answers remote control but sends no events. `looping`: it reconnects over and over. `beat` nodes are told by `kind`. */
  state: z.enum(WORKER_STATES),
  reason: z.string(),
  kind: z.enum(["worker", "beat"]),
  lastSeenAt: At.nullable(),
  startedAt: At.nullable(),
  software: z.string().nullable(),
  pid: z.number().nullable(),
  pool: z.string().nullable(),
  slots: z.number().nullable(),
  active: z.number().nullable(),
  processed: z.number().nullable(),
  prefetched: z.number().nullable(),
  loadavg: z.array(z.number()).nullable(),
  queues: z.array(z.string()).nullable(),
  /** Emitter's clock minus ours. */
  clockOffsetMs: Ms.nullable(),
  succeeded: z.number().int(),
  failed: z.number().int(),
});
export type WorkerRow = z.infer<typeof WorkerRow>;

export const WorkerListQuery = Scope;
export const WorkerList = z.object({ workers: z.array(WorkerRow), total: z.number().int(), omitted: z.number().int() });
export type WorkerList = z.infer<typeof WorkerList>;

/** One worker of one broker. */
export const WorkerQuery = Scope.extend({ name: z.string().min(1) });
export type WorkerQuery = z.infer<typeof WorkerQuery>;

export const WorkerDetail = z.object({
  worker: WorkerRow,
  /** What it runs and holds by our own account. */
  running: z.array(TaskRow),
  held: z.array(TaskRow),
  recent: z.array(TaskRow),
});
export type WorkerDetail = z.infer<typeof WorkerDetail>;

/** What the worker answers right now. Each part is null when it did not answer in time. */
export const WorkerInspection = z.object({
  answered: z.boolean(),
  askedAt: At,
  tookMs: Ms,
  /** JSON texts, numbers beyond 2^53 intact. */
  stats: z.string().nullable(),
  active: z.string().nullable(),
  reserved: z.string().nullable(),
  scheduled: z.string().nullable(),
  queues: z.string().nullable(),
  registered: z.string().nullable(),
  conf: z.string().nullable(),
  revoked: z.string().nullable(),
});
export type WorkerInspection = z.infer<typeof WorkerInspection>;
