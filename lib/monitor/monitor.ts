import type { Broker } from "../brokers/broker.ts";
import { celeryBroker } from "../brokers/celery/celery.ts";
import type { BrokerConfig, Config } from "../config.ts";
import type { OurHealth } from "../contract/overview.ts";
import type { Log } from "../log/log.ts";
import { openLog } from "../log/open.ts";
import type { TaskEvent } from "../model/event.ts";
import { View } from "../view/view.ts";
import { knownBy } from "./known.ts";
import { Trouble } from "./trouble.ts";
import { watch, type Watch } from "./watch.ts";

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

/** Opens every broker's log and starts to watch. Rejects with one sentence when a broker or a store cannot be reached. */
export async function startMonitor(config: Config, version: string): Promise<Monitor> {
  const watches = new Map<string, Watch>();
  try {
    for (const broker of config.brokers) watches.set(broker.name, await startWatch(broker));
  } catch (error) {
    await Promise.all([...watches.values()].map((one) => one.stop()));
    throw error;
  }
  return {
    version,
    brokers: watches,
    async close() {
      await Promise.all([...watches.values()].map((one) => one.stop()));
    },
  };
}

async function startWatch(config: BrokerConfig): Promise<Watch> {
  const log = await openLog({ broker: config.name, store: config.store });
  const view = new View();
  const broker = celeryBroker(config, knownBy(view));
  const limits = { ...config.limits, maxBytes: config.limits.maxBytes ?? log.defaultMaxBytes };
  const trouble = new Trouble(config.name);
  return watch(broker, log, view, limits, (duty, reason) => trouble.report(duty, reason));
}
