import * as z from "zod";

/**
 * The remote control commands that may be sent, with the arguments that Celery 5.2 to 5.7 take. Left out on purpose:
 * `election`, which crashes a worker that is alone or named alone, and the aliases of older releases.
 */

const noArguments = z.strictObject({});
const text = z
  .string()
  .min(1)
  .refine((value) => value.isWellFormed(), "the text is not well-formed Unicode");
const count = z.int().min(1).max(1_000_000);
const seconds = z.number().positive().nullable();
/** Upper case, with or without `SIG`; a worker answers anything else with an error. */
const signal = z.union([z.string().regex(/^(SIG)?[A-Z][A-Z0-9]*$/, "a signal is upper case, such as SIGTERM"), z.int().min(1).max(64)]);
const ids = z.union([text, z.array(text).min(1)]);

export const PidboxCommand = z.discriminatedUnion("method", [
  z.strictObject({ method: z.literal("ping"), arguments: noArguments }),
  z.strictObject({ method: z.literal("stats"), arguments: noArguments }),
  z.strictObject({ method: z.literal("clock"), arguments: noArguments }),
  z.strictObject({ method: z.literal("report"), arguments: noArguments }),
  z.strictObject({ method: z.literal("active_queues"), arguments: noArguments }),
  z.strictObject({ method: z.literal("revoked"), arguments: noArguments }),
  z.strictObject({ method: z.literal("reserved"), arguments: noArguments }),
  z.strictObject({ method: z.literal("scheduled"), arguments: noArguments }),
  z.strictObject({ method: z.literal("enable_events"), arguments: noArguments }),
  z.strictObject({ method: z.literal("disable_events"), arguments: noArguments }),
  z.strictObject({ method: z.literal("heartbeat"), arguments: noArguments }),
  z.strictObject({ method: z.literal("shutdown"), arguments: noArguments }),
  z.strictObject({ method: z.literal("active"), arguments: z.strictObject({ safe: z.boolean().nullable().optional() }) }),
  z.strictObject({ method: z.literal("query_task"), arguments: z.strictObject({ ids: z.array(text).min(1) }) }),
  z.strictObject({
    method: z.literal("registered"),
    arguments: z.strictObject({ taskinfoitems: z.array(text).nullable().optional(), builtins: z.boolean().optional() }),
  }),
  z.strictObject({ method: z.literal("conf"), arguments: z.strictObject({ with_defaults: z.boolean().optional() }) }),
  z.strictObject({
    method: z.literal("hello"),
    arguments: z.strictObject({ from_node: text, revoked: z.array(text) }),
  }),
  z.strictObject({
    method: z.literal("revoke"),
    arguments: z.strictObject({ task_id: ids, terminate: z.boolean(), signal: signal.optional() }),
  }),
  z.strictObject({
    method: z.literal("revoke_by_stamped_headers"),
    arguments: z.strictObject({
      headers: z.record(text, z.array(text).min(1)).refine((headers) => Object.keys(headers).length > 0, "no header is named"),
      terminate: z.boolean(),
      signal: signal.optional(),
    }),
  }),
  z.strictObject({
    method: z.literal("rate_limit"),
    arguments: z.strictObject({
      task_name: text,
      rate_limit: z.union([
        z.string().regex(/^(\d+(\.\d+)?(\/[smh])?)?$/, "a rate limit is a number, or one such as 10/m"),
        z.number().min(0),
        z.null(),
      ]),
    }),
  }),
  z.strictObject({
    method: z.literal("time_limit"),
    arguments: z.strictObject({ task_name: text, soft: seconds, hard: seconds }),
  }),
  z.strictObject({ method: z.literal("pool_grow"), arguments: z.strictObject({ n: count }) }),
  z.strictObject({ method: z.literal("pool_shrink"), arguments: z.strictObject({ n: count }) }),
  z.strictObject({
    method: z.literal("pool_restart"),
    arguments: z.strictObject({ modules: z.array(text).nullable(), reload: z.boolean() }),
  }),
  z.strictObject({ method: z.literal("autoscale"), arguments: z.strictObject({ max: count, min: z.int().min(0) }) }),
  z.strictObject({
    method: z.literal("add_consumer"),
    arguments: z.strictObject({
      queue: text,
      exchange: text.nullable().optional(),
      exchange_type: z.enum(["direct", "topic", "fanout"]).optional(),
      routing_key: text.nullable().optional(),
    }),
  }),
  z.strictObject({ method: z.literal("cancel_consumer"), arguments: z.strictObject({ queue: text }) }),
]);

export type PidboxCommand = z.infer<typeof PidboxCommand>;
