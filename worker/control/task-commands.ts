import { entriesOf, isDict, listOf } from "../../lib/wire/celery/value-fields.ts";
import { formatValue } from "../../lib/wire/python/repr.ts";
import { type Value, dict } from "../../lib/wire/python/value.ts";
import { parseRate } from "../consumer/rate-limit.ts";
import { stampsOf } from "../consumer/worker-state.ts";
import { PythonError, signalNumber } from "../errors.ts";
import { exceptionResult } from "../results/result-store.ts";
import { Arguments } from "./arguments.ts";
import type { Command, Commands, Node } from "./node.ts";

const ok = (value: Value) => dict([["ok", value]]);
const nok = (value: Value) => dict([["error", value]]);

const LONGEST_TEXT = 1_000_000;

/** Python's `TypeError` and `AttributeError` for what is no name of a signal; TERM where none is given. */
function signalOf(args: Arguments): number {
  const given = args.get("signal") ?? null;
  const signal = given === null || given === "" ? "SIGTERM" : given;
  if (typeof signal === "number") return signal;
  if (typeof signal !== "string" || signal.toUpperCase() !== signal)
    throw new PythonError("TypeError", ["signal name must be uppercase string."]);
  const number = /^\d+$/.test(signal) ? Number(signal) : signalNumber(signal);
  if (number === null)
    throw new PythonError("AttributeError", [`module 'signal' has no attribute '${signal.startsWith("SIG") ? "" : "SIG"}${signal}'`]);
  return number;
}

const revoke: Command = async (node, args) => {
  const ids = [...new Set(args.texts("task_id"))];
  for (const id of ids) node.state.revoked.add(id);
  await Promise.all(ids.map((id) => markRevoked(node, id)));
  if (!args.flag("terminate")) {
    return ok(
      `tasks ${formatValue(ids.length === 0 ? { $: "set", items: [] } : { $: "set", items: ids }, LONGEST_TEXT)} flagged as revoked`,
    );
  }
  const signal = signalOf(args);
  const held = ids.map((id) => node.state.find(id)).filter((task) => task !== undefined);
  for (const task of held) node.runner.terminate(task, signal);
  return ok(held.length === 0 ? "terminate: tasks unknown" : `terminate: ${held.map((task) => task.request.id).join(", ")}`);
};

/** States of tasks that nobody runs yet. */
const WAITING = new Set(["PENDING", "RECEIVED", "RETRY", "REJECTED"]);

/** So that whoever waits for it learns at once; not over a result, and not for a task that runs (Celery 5.7). */
async function markRevoked({ state, results }: Node, id: string): Promise<void> {
  if (state.find(id)?.phase === "active") return;
  const stored = await results.read(id);
  if (stored !== null && !WAITING.has(stored.status)) return;
  const result = exceptionResult({ type: "TaskRevokedError", module: "celery.exceptions", args: ["revoked"] });
  await results.store({ taskId: id, status: "REVOKED", result, children: null });
}

const revokeByStampedHeaders: Command = (node, args) => {
  const signal = signalOf(args);
  const headers = stampHeaders(args.get("headers"));
  for (const [stamp, values] of headers) {
    node.state.revokedStamps.set(stamp, [...(node.state.revokedStamps.get(stamp) ?? []), ...stampsOf(values)]);
  }
  const text = formatValue(dict(headers), LONGEST_TEXT);
  if (!args.flag("terminate")) return ok(`headers ${text} flagged as revoked, but not terminated`);
  const ended = new Map<string, Set<string>>();
  for (const task of node.state.in("active")) {
    for (const [stamp, values] of headers) {
      const own = task.request.stamps.filter(([name]) => name === stamp).flatMap(([, value]) => stampsOf(value));
      const matching = own.filter((one) => stampsOf(values).includes(one));
      if (matching.length === 0) continue;
      ended.set(stamp, new Set([...(ended.get(stamp) ?? []), ...matching]));
      node.runner.terminate(task, signal);
    }
  }
  if (ended.size === 0) return ok(`headers ${text} were not terminated`);
  const sets = dict(Array.from(ended, ([stamp, values]) => [stamp, { $: "set", items: [...values] }] as const));
  return ok(`headers defaultdict(<class 'set'>, ${formatValue(sets, LONGEST_TEXT)}) revoked`);
};

/** An object, or a list of `stamp=value` from the command line. */
function stampHeaders(headers: Value | undefined): [string, Value][] {
  if (isDict(headers)) return entriesOf(headers);
  const pairs = (listOf(headers) ?? []).filter((pair) => typeof pair === "string");
  return pairs.map((pair) => [pair.split("=")[0] ?? "", pair.split("=")[1] ?? ""]);
}

const rateLimit: Command = (node, args) => {
  const limit = args.get("rate_limit") ?? null;
  if ((typeof limit !== "string" && typeof limit !== "number" && limit !== null) || parseRate(limit) === null) {
    return nok(`Invalid rate limit string: ${invalidRate(limit)}`);
  }
  const task = node.tasks.get(args.text("task_name") ?? "");
  if (task === undefined) return nok("unknown task");
  task.rateLimit = limit;
  node.runner.rateLimitChanged(task.name);
  // The text "0" is no limit either, but only what is false in Python is called disabled.
  return ok(limit === null || limit === "" || limit === 0 ? "rate limit disabled successfully" : "new rate limit set successfully");
};

/** What Python says of a text that is no number. */
function invalidRate(limit: Value): string {
  const [count = ""] = typeof limit === "string" ? limit.split("/") : [formatValue(limit, 100)];
  return `ValueError(${formatValue(`could not convert string to float: ${formatValue(count, 100)}`, 200)})`;
}

const timeLimit: Command = (node, args) => {
  const task = node.tasks.get(args.text("task_name") ?? "");
  if (task === undefined) return nok("unknown task");
  task.timeLimit = args.number("hard");
  task.softTimeLimit = args.number("soft");
  return ok("time limits set successfully");
};

export const taskCommands: Commands = {
  revoke,
  terminate: (node, args) =>
    revoke(
      node,
      new Arguments([
        ["task_id", args.get("task_id") ?? null],
        ["signal", args.get("signal") ?? null],
        ["terminate", true],
      ]),
    ),
  revoke_by_stamped_headers: revokeByStampedHeaders,
  rate_limit: rateLimit,
  time_limit: timeLimit,
};
