import { collectDefaultMetrics, Registry } from "prom-client";

const KEY = Symbol.for("perennial.process-metrics");

/**
 * `process_*` and `nodejs_*` of this process. Next bundles modules more than once and prom-client observes garbage collection and
 * the event loop from its first call on, so the one registry lives on `globalThis`.
 */
export function processMetrics(): Promise<string> {
  const holder = globalThis as { [KEY]?: Registry };
  if (holder[KEY] === undefined) {
    holder[KEY] = new Registry();
    collectDefaultMetrics({ register: holder[KEY] });
  }
  return holder[KEY].metrics();
}
