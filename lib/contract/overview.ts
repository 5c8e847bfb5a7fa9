import { z } from "zod";
import { At, Ms, Scope } from "./common.ts";
import { QueueRow } from "./queue.ts";
import { WorkerRow } from "./worker.ts";

/** Something that needs a person, as a sentence, and where to look. */
export const Finding = z.object({
  kind: z.enum([
    "no-events",
    "stale",
    "gap",
    "malformed",
    "poison",
    "queue-growing",
    "queue-unconsumed",
    "worker-lost",
    "worker-late",
    "worker-looping",
    "failing",
    "orphaned",
    "redis",
    "log-paused",
  ]),
  severity: z.enum(["trouble", "warning", "note"]),
  text: z.string(),
  /** Path inside the app, without the URL prefix. */
  href: z.string().nullable(),
});
export type Finding = z.infer<typeof Finding>;

/** How well Perennial itself hears and stores. */
export const OurHealth = z.object({
  role: z.enum(["leader", "standby"]),
  /** Event heard to event visible, and how far the view is behind the log. */
  lagMs: Ms.nullable(),
  connected: z.boolean(),
  /** In plain words, what is wrong with Redis, or null. */
  problem: z.string().nullable(),
  lastEventAt: At.nullable(),
  store: z.string(),
  replaying: z.object({ done: z.number(), of: z.number() }).nullable(),
  tasks: z.number().int(),
  events: z.number().int(),
  lostEvents: z.number().int(),
  malformed: z.number().int(),
  logBytes: z.number().nullable(),
  oldestAt: At.nullable(),
});
export type OurHealth = z.infer<typeof OurHealth>;

export const FailureGroup = z.object({
  name: z.string().nullable(),
  exceptionType: z.string().nullable(),
  count: z.number().int(),
  firstAt: At,
  lastAt: At,
  sampleId: z.string(),
});
export type FailureGroup = z.infer<typeof FailureGroup>;

/** What could not be read, by place and reason. */
export const MalformedKind = z.object({
  /** `queue celery`, `unacked`, `events`, `result`, `binding celery` … */
  where: z.string(),
  reason: z.string(),
  count: z.number().int(),
  lastAt: At,
  /** The beginning of one of them. */
  sample: z.string().nullable(),
});
export type MalformedKind = z.infer<typeof MalformedKind>;

/** A span in which events were not heard. */
export const Gap = z.object({
  fromAt: At.nullable(),
  at: At,
  where: z.string(),
  reason: z.string(),
  /** How many events, where that is known. */
  count: z.number().int().nullable(),
});
export type Gap = z.infer<typeof Gap>;

export const Overview = z.object({
  broker: z.string(),
  kind: z.enum(["celery"]),
  now: At,
  from: At,
  to: At,
  findings: z.array(Finding),
  /** Tasks by state, all that the log holds. */
  byState: z.record(z.string(), z.number().int()),
  /** Ends within the window. */
  ended: z.object({ succeeded: z.number().int(), failed: z.number().int(), retried: z.number().int(), revoked: z.number().int() }),
  waiting: z.number().int(),
  running: z.number().int(),
  slots: z.number().nullable(),
  waitP95Ms: Ms.nullable(),
  runP95Ms: Ms.nullable(),
  failures: z.array(FailureGroup),
  queues: z.array(QueueRow),
  workers: z.array(WorkerRow),
  redis: z
    .object({
      usedBytes: z.number(),
      maxBytes: z.number().nullable(),
      policy: z.string().nullable(),
      clients: z.number(),
      evicted: z.number(),
      version: z.string(),
      sampledAt: At,
    })
    .nullable(),
  unacked: z.object({ count: z.number().int(), oldestMs: Ms.nullable() }).nullable(),
  /** Within the window, the latest first, at most 200 kinds and 50 gaps. */
  malformed: z.array(MalformedKind),
  gaps: z.array(Gap),
  us: OurHealth,
});
export type Overview = z.infer<typeof Overview>;

export const OverviewQuery = Scope;

export const BrokerListQuery = z.object({});

export const BrokerList = z.object({
  brokers: z.array(z.object({ name: z.string(), kind: z.enum(["celery"]), url: z.string().describe("Without password") })),
  version: z.string(),
});
export type BrokerList = z.infer<typeof BrokerList>;
