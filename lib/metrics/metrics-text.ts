import type { Monitor } from "../monitor/monitor.ts";
import { type Family, renderFamilies } from "./family.ts";
import { ownFamilies, sourceOf } from "./own-families.ts";
import { processMetrics } from "./process-metrics.ts";
import { queueFamilies } from "./queue-families.ts";
import { taskFamilies } from "./task-families.ts";
import { workerFamilies } from "./worker-families.ts";

export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * What a scrape gets, out of memory alone. Of a broker only the replica tells that leads its log: all know the same, and Prometheus
 * would add it up.
 */
export async function metricsText(monitor: Monitor, now: number): Promise<string> {
  const led = [...monitor.brokers.values()].filter((watched) => watched.health().role === "leader");
  const families = led.flatMap((watched) => {
    const source = sourceOf(watched);
    return [...taskFamilies(watched, source), ...queueFamilies(watched, source, now), ...workerFamilies(watched, source, now)];
  });
  return renderFamilies([...ownFamilies(monitor), ...merged(families)]) + (await processMetrics());
}

/** The series of a family must stand together, whatever the number of brokers. */
function merged(families: readonly Family[]): Family[] {
  const byName = new Map<string, Family>();
  for (const one of families) {
    const earlier = byName.get(one.name);
    byName.set(one.name, earlier === undefined ? one : { ...earlier, series: [...earlier.series, ...one.series] });
  }
  return [...byName.values()];
}
