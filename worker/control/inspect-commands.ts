import { arch, release, type } from "node:os";
import { formatValue } from "../../lib/wire/python/repr.ts";
import { type Value, dict } from "../../lib/wire/python/value.ts";
import { PythonError } from "../errors.ts";
import type { RegisteredTask } from "../task/registry.ts";
import { confTable } from "./conf-table.ts";
import type { Command, Commands, Node } from "./node.ts";
import { queueObject } from "./queue-object.ts";
import { statsOf } from "./stats.ts";

const ok = (value: Value) => dict([["ok", value]]);

const active: Command = ({ state, hostname }, args) => state.in("active").map((task) => task.info(hostname, args.flag("safe")));

const reserved: Command = ({ state, hostname }) => state.in("reserved").map((task) => task.info(hostname));

const scheduled: Command = ({ state, hostname }) =>
  state.in("scheduled").map((task) =>
    dict([
      ["eta", task.eta],
      ["priority", 6],
      ["request", task.info(hostname)],
    ]),
  );

const revoked: Command = ({ state }) => state.revoked.list();

const registered: Command = ({ tasks }, args) => {
  const asked = args.texts("taskinfoitems").filter((item) => !item.startsWith("_"));
  const items = asked.length > 0 ? asked : ["exchange", "routing_key", "rate_limit"];
  const shown = tasks.list().filter(({ name }) => args.flag("builtins") || !name.startsWith("celery."));
  return shown.map((task) => {
    const known = attributes(task);
    const info = items.flatMap((item) =>
      known[item] == null ? [] : [`${item}=${formatValue(known[item], 1_000).replace(/^'(.*)'$/, "$1")}`],
    );
    return info.length === 0 ? task.name : `${task.name} [${info.join(" ")}]`;
  });
};

/** A task's attributes under Celery's names. */
function attributes(task: RegisteredTask): Record<string, Value | undefined> {
  const { options } = task;
  return {
    name: task.name,
    rate_limit: task.rateLimit,
    time_limit: task.timeLimit,
    soft_time_limit: task.softTimeLimit,
    max_retries: options.maxRetries === undefined ? 3 : options.maxRetries,
    default_retry_delay: options.defaultRetryDelay ?? 180,
    ignore_result: options.ignoreResult ?? false,
    acks_late: options.acksLate ?? false,
    reject_on_worker_lost: options.rejectOnWorkerLost,
    track_started: options.trackStarted ?? false,
    send_events: options.sendEvents ?? true,
    store_errors_even_if_ignored: options.storeErrorsEvenIfIgnored ?? false,
    queue: options.queue,
    priority: options.priority,
    serializer: "json",
  };
}

const conf: Command = (node, args) => dict(confTable(node, args.flag("with_defaults")));

const report: Command = (node) => {
  const settings = confTable(node).map(([name, value]) => `${name}: ${formatValue(value, 1_000)}`);
  return ok(
    `\nsoftware -> celery:5.7.0 (perennial) node:${process.versions.node}\n` +
      `platform -> system:${type()} arch:${arch()}\n            kernel version:${release()} imp:Node.js\n` +
      `loader   -> perennial.worker\nsettings -> transport:redis results:${formatValue(null, 10)}\n\n${settings.join("\n")}\n`,
  );
};

const clock: Command = (node) => dict([["clock", node.clock.value]]);

/** What a node that starts asks the others (mingle). Both sides tell each other what is revoked. */
const hello: Command = (node, args) => {
  if (args.text("from_node") === node.hostname) return null;
  for (const id of revokedIds(args.get("revoked"))) node.state.revoked.add(id);
  return dict([
    ["revoked", node.state.revoked.list()],
    ["clock", node.clock.forward()],
  ]);
};

/** A list of ids from Celery 5.7 on, before that an object with the ids as keys. */
export function revokedIds(revoked: Value | undefined): string[] {
  if (Array.isArray(revoked)) return revoked.filter((id) => typeof id === "string");
  if (typeof revoked !== "object" || revoked === null || revoked.$ !== "dict") return [];
  return revoked.items.map(([id]) => id).filter((id) => typeof id === "string");
}

const queryTask: Command = ({ state, hostname }, args) => {
  const found = args
    .texts("ids")
    .map((id) => state.find(id))
    .filter((task) => task !== undefined);
  return dict(found.map((task) => [task.request.id, [task.phase === "limited" ? "reserved" : task.phase, task.info(hostname)]] as const));
};

const memsample: Command = () => `${(process.memoryUsage().rss / 1_048_576).toFixed(1)}MB`;

export const inspectCommands: Commands = {
  ping: () => ok("pong"),
  active,
  dump_active: active,
  reserved,
  dump_reserved: reserved,
  scheduled,
  dump_schedule: scheduled,
  revoked,
  dump_revoked: revoked,
  registered,
  dump_tasks: registered,
  conf,
  dump_conf: conf,
  report,
  clock,
  hello,
  query_task: queryTask,
  stats: (node: Node) => statsOf(node),
  active_queues: ({ consumer }) => consumer.queues.map((queue) => queueObject(queue, consumer.routeOf(queue))),
  memsample,
  memdump: () => `- rss: ${(process.memoryUsage().rss / 1_048_576).toFixed(1)}MB.\n`,
  objgraph: () => {
    throw new PythonError("ImportError", ["Requires the objgraph library"]);
  },
};
