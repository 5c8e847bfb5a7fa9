import type { BrokerList } from "../contract/overview.ts";
import type { Viewer } from "../model/viewer.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { brokersOf } from "./watched-broker.ts";

/** The brokers that the viewer may see, in the order of the configuration. */
export async function listBrokers(monitor: Monitor, viewer: Viewer): Promise<BrokerList> {
  return {
    brokers: brokersOf(monitor, viewer).map(({ name, broker }) => ({ name, kind: broker.kind, url: broker.displayUrl })),
    version: monitor.version,
  };
}
