import type { BrokerMonitor, Monitor } from "../monitor/monitor.ts";

export interface Readiness {
  isReady: boolean;
  /** A sentence for each broker, in the order of the configuration. */
  brokers: { name: string; isReady: boolean; reason: string }[];
}

/** Whether this replica shows the truth: it hears, it stores or follows, and it has read its history. */
export function readiness(monitor: Monitor): Readiness {
  const brokers = Array.from(monitor.brokers.values(), (watched) => {
    const reason = hindrance(watched);
    return { name: watched.name, isReady: reason === null, reason: reason ?? "Watching." };
  });
  return { isReady: brokers.every(({ isReady }) => isReady), brokers };
}

function hindrance(watched: BrokerMonitor): string | null {
  const { problem, connected, replaying } = watched.health();
  if (problem !== null) return problem;
  if (!connected) return "Not connected to the broker.";
  return replaying === null ? null : `Reading the history: ${replaying.done} of ${replaying.of} events.`;
}
