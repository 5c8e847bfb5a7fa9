import { z } from "zod";
import { At, Ms, Scope } from "./common.ts";

/** How long the oldest message has waited, and how we know. */
export const OldestAge = z.object({
  ms: Ms,
  /** `sent`: the producer said when. `watched`: we saw it enter. `at-least`: it was there when we first looked. */
  from: z.enum(["sent", "watched", "at-least"]),
});
export type OldestAge = z.infer<typeof OldestAge>;

export const QueueRow = z.object({
  name: z.string(),
  depth: z.number().int(),
  /** Waiting messages of each priority step. */
  byPriority: z.array(z.object({ priority: z.number().int(), depth: z.number().int() })),
  oldest: OldestAge.nullable(),
  /** Workers that said they consume it and are alive; null when nobody could be asked. */
  consumers: z.array(z.string()).nullable(),
  /** Messages a minute over the window's last five minutes; null when events do not tell. */
  inPerMinute: z.number().nullable(),
  outPerMinute: z.number().nullable(),
  /** Depth samples over the window, oldest first. */
  history: z.array(z.object({ at: At, depth: z.number().int() })),
  health: z.enum(["idle", "fine", "growing", "unconsumed", "stuck", "unknown"]),
  /** Why, in one sentence. */
  reason: z.string(),
  /** Remaining life of the list, when it expires by itself. */
  expiresInMs: Ms.nullable(),
  sampledAt: At.nullable(),
});
export type QueueRow = z.infer<typeof QueueRow>;

export const QueueListQuery = Scope;
export const QueueList = z.object({ queues: z.array(QueueRow), total: z.number().int(), omitted: z.number().int() });
export type QueueList = z.infer<typeof QueueList>;

/** One queue, with its history over the window. */
export const QueueQuery = Scope.extend({ name: z.string().min(1) });
export type QueueQuery = z.infer<typeof QueueQuery>;

export const WaitingMessage = z.object({
  /** Position from the next one to be taken, within its priority. */
  position: z.number().int(),
  priority: z.number().int(),
  id: z.string().nullable(),
  name: z.string().nullable(),
  args: z.string().nullable(),
  kwargs: z.string().nullable(),
  retries: z.number().int().nullable(),
  etaAt: At.nullable(),
  expiresAt: At.nullable(),
  redelivered: z.boolean(),
  size: z.number().int(),
  /** What is wrong with it, and what it does to a worker. */
  problems: z.array(z.string()),
  raw: z.string(),
  rawCut: z.boolean(),
});
export type WaitingMessage = z.infer<typeof WaitingMessage>;

export const HeldMessage = z.object({
  tag: z.string(),
  id: z.string().nullable(),
  name: z.string().nullable(),
  takenAt: At,
  holder: z.string().nullable(),
  etaAt: At.nullable(),
});
export type HeldMessage = z.infer<typeof HeldMessage>;

export const QueueMessagesQuery = Scope.pick({ broker: true }).extend({
  name: z.string().min(1),
  priority: z.coerce.number().int().optional(),
  offset: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(200).optional(),
});
export type QueueMessagesQuery = z.infer<typeof QueueMessagesQuery>;

/** A page of a queue as it lies there now; nothing is taken. */
export const QueueMessages = z.object({
  messages: z.array(WaitingMessage),
  depth: z.number().int(),
  next: z.number().int().nullable(),
  readAt: At,
});
export type QueueMessages = z.infer<typeof QueueMessages>;

export const QueueDetail = z.object({ queue: QueueRow, held: z.array(HeldMessage), heldTotal: z.number().int() });
export type QueueDetail = z.infer<typeof QueueDetail>;
