import { type Value, dict } from "../../lib/wire/python/value.ts";
import { floatValue } from "../../lib/wire/python/number.ts";
import type { Node } from "./node.ts";

/** What `stats` answers (Celery 5.7, `WorkController.stats`). */
export function statsOf(node: Node): Value {
  const { state, pool, clock, prefetch, autoscaler, settings } = node;
  return dict([
    ["total", dict(state.totals)],
    ["pid", process.pid],
    ["clock", String(clock.value)],
    ["uptime", Math.round((Date.now() - state.startedAt) / 1000)],
    ["pool", dict([["implementation", pool.implementation], ...pool.stats()])],
    ...(autoscaler === null ? [] : [["autoscaler", autoscaler.stats()] as const]),
    ["broker", brokerObject(settings.broker)],
    ["prefetch_count", prefetch.limit],
    ["rusage", resources()],
  ]);
}

function brokerObject(url: string): Value {
  const { hostname, port, username, pathname, protocol } = new URL(url);
  return dict([
    ["hostname", hostname || "localhost"],
    ["userid", username || null],
    ["virtual_host", pathname.slice(1) || "0"],
    ["port", port === "" ? 6379 : Number(port)],
    ["insist", false],
    ["ssl", protocol === "rediss:"],
    ["transport", "redis"],
    ["connect_timeout", 4],
    ["transport_options", dict([])],
    ["login_method", null],
    ["uri_prefix", null],
    ["heartbeat", floatValue(120)],
    ["failover_strategy", "round-robin"],
    ["alternates", []],
    ["credential_provider", null],
  ]);
}

function resources(): Value {
  const usage = process.resourceUsage();
  return dict([
    ["utime", floatValue(usage.userCPUTime / 1e6)],
    ["stime", floatValue(usage.systemCPUTime / 1e6)],
    ["maxrss", usage.maxRSS],
    ["ixrss", usage.sharedMemorySize],
    ["idrss", usage.unsharedDataSize],
    ["isrss", usage.unsharedStackSize],
    ["minflt", usage.minorPageFault],
    ["majflt", usage.majorPageFault],
    ["nswap", usage.swappedOut],
    ["inblock", usage.fsRead],
    ["oublock", usage.fsWrite],
    ["msgsnd", usage.ipcSent],
    ["msgrcv", usage.ipcReceived],
    ["nsignals", usage.signalsCount],
    ["nvcsw", usage.voluntaryContextSwitches],
    ["nivcsw", usage.involuntaryContextSwitches],
  ]);
}
