import type { Broker } from "../brokers/broker.ts";
import type { OurHealth } from "../contract/overview.ts";
import type { Log } from "../log/log.ts";
import type { TaskEvent } from "../model/event.ts";
import type { View } from "../view/view.ts";

/** Everything that one process watches. */
export interface Monitor {
  readonly version: string;
  /** By name, in the order of the configuration. */
  readonly brokers: ReadonlyMap<string, BrokerMonitor>;
  close(): Promise<void>;
}

/** One watched broker: who asks questions reads `view` and `log`, who acts uses `broker` and then records. */
export interface BrokerMonitor {
  readonly name: string;
  readonly broker: Broker;
  readonly log: Log;
  readonly view: View;
  health(): OurHealth;
  /** Write what an operator did into the log; resolves when this replica's view shows it. */
  record(event: TaskEvent): Promise<void>;
}
