import { AppError } from "../errors.ts";
import type { Viewer } from "../model/viewer.ts";
import type { BrokerMonitor, Monitor } from "../monitor/monitor.ts";

/** The brokers that a viewer may see, in the order of the configuration. */
export function brokersOf(monitor: Monitor, viewer: Viewer): BrokerMonitor[] {
  return [...monitor.brokers.values()].filter(({ name }) => viewer.brokers === null || viewer.brokers.includes(name));
}

/**
 * The broker that a question is about; the first one when it names none. One that the viewer may not see is as unknown
 * as one that does not exist.
 */
export function watchedBroker(monitor: Monitor, viewer: Viewer, name: string | undefined): BrokerMonitor {
  const visible = brokersOf(monitor, viewer);
  const found = name === undefined ? visible[0] : visible.find((broker) => broker.name === name);
  if (found === undefined) throw new AppError("not-found", name === undefined ? "No broker is watched" : `No broker is called ${name}`);
  return found;
}
