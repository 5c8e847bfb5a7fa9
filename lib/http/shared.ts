import { AppError } from "../errors.ts";
import type { Monitor } from "../monitor/monitor.ts";

/**
 * What our server hands to the pages and routes of its process. Next bundles modules of its own, so a variable of a module would
 * exist twice; only `globalThis` is one.
 */
interface Shared {
  monitor?: Monitor;
  prefix?: string;
}

const KEY = Symbol.for("perennial.shared");

function shared(): Shared {
  const holder = globalThis as { [KEY]?: Shared };
  return (holder[KEY] ??= {});
}

export function shareMonitor(monitor: Monitor): void {
  shared().monitor = monitor;
}

/** The monitor of this process. Throws `unavailable` outside of our server and before it has started one. */
export function sharedMonitor(): Monitor {
  const { monitor } = shared();
  if (monitor === undefined) throw new AppError("unavailable", "Perennial is starting");
  return monitor;
}

/** Where pages and routes are served, such as `/ops/celery`; empty for the root. Read once, by next.config.mjs. */
export function sharePrefix(prefix: string): void {
  shared().prefix = prefix;
}

export function sharedPrefix(): string {
  return shared().prefix ?? "";
}
