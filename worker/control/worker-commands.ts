import { logFailure } from "../log.ts";
import { type Value, dict } from "../../lib/wire/python/value.ts";
import { PythonError } from "../errors.ts";
import { SOFTWARE } from "../events/software.ts";
import type { Command, Commands } from "./node.ts";

const ok = (value: Value) => dict([["ok", value]]);
const nok = (value: Value) => dict([["error", value]]);

const poolGrow: Command = ({ autoscaler, pool, prefetch, prefetchMultiplier }, args) => {
  if (autoscaler !== null) return nok("pool_grow is not supported with autoscale. Adjust autoscale range instead.");
  const by = args.number("n") ?? 1;
  pool.grow(by);
  prefetch.change(by * prefetchMultiplier);
  return ok("pool will grow");
};

const poolShrink: Command = ({ autoscaler, pool, prefetch, prefetchMultiplier }, args) => {
  if (autoscaler !== null) return nok("pool_shrink is not supported with autoscale. Adjust autoscale range instead.");
  const before = pool.size;
  pool.shrink(args.number("n") ?? 1);
  prefetch.change((pool.size - before) * prefetchMultiplier);
  return ok("pool will shrink");
};

const poolRestart: Command = ({ poolRestarts, pool, log }) => {
  if (!poolRestarts) throw new PythonError("ValueError", ["Pool restarts not enabled"]);
  logFailure(log, "the pool was not restarted", pool.restart());
  return ok("reload started");
};

const autoscale: Command = ({ autoscaler }, args) => {
  if (autoscaler === null) throw new PythonError("ValueError", ["Autoscale not enabled"]);
  const { max, min } = autoscaler.update(args.number("max"), args.number("min"));
  return ok(`autoscale now max=${max} min=${min}`);
};

/** Lacks what beats of the heart tell of the worker's load, as in Celery. */
const heartbeat: Command = ({ dispatcher }) => {
  dispatcher.send("worker-heartbeat", [["freq", 5], ...SOFTWARE]);
  return null;
};

const addConsumer: Command = ({ consumer, log }, args) => {
  const queue = args.text("queue") ?? "";
  const exchange = args.text("exchange");
  const routingKey = args.text("routing_key");
  const route = { ...(exchange === null ? {} : { exchange }), ...(routingKey === null ? {} : { routingKey }) };
  logFailure(log, "a queue was not declared", consumer.add(queue, route));
  return ok(`add consumer ${queue}`);
};

const cancelConsumer: Command = ({ consumer }, args) => {
  const queue = args.text("queue") ?? "";
  consumer.remove(queue);
  return ok(`no longer consuming from ${queue}`);
};

const election: Command = ({ gossip }, args) => {
  gossip?.elect(args.text("id") ?? "", args.text("topic") ?? "", args.get("action") ?? null);
  return null;
};

export const workerCommands: Commands = {
  pool_grow: poolGrow,
  pool_shrink: poolShrink,
  pool_restart: poolRestart,
  autoscale,
  heartbeat,
  enable_events: ({ dispatcher }) => ok(dispatcher.enableTaskEvents() ? "task events enabled" : "task events already enabled"),
  disable_events: ({ dispatcher }) => ok(dispatcher.disableTaskEvents() ? "task events disabled" : "task events already disabled"),
  add_consumer: addConsumer,
  cancel_consumer: cancelConsumer,
  election,
  shutdown: (node) => {
    node.shutdown();
    return undefined;
  },
};
