import type { BrokerMonitor, Monitor } from "../monitor/monitor.ts";
import { type Family, family, type Labels } from "./family.ts";

/** Perennial itself: what every replica tells, whether it leads or not. */
export function ownFamilies({ version, brokers }: Monitor): Family[] {
  const watched = [...brokers.values()].map((broker) => ({
    labels: sourceOf(broker),
    health: broker.health(),
    samples: broker.view.queues,
  }));
  const each = (value: (one: (typeof watched)[number]) => number | null | undefined) =>
    watched.map((one) => ({ labels: one.labels, value: value(one) }));
  const seconds = (at: number | null | undefined) => (at === null || at === undefined ? null : at / 1000);
  return [
    family("gauge", "perennial_build_info", "Always 1", [{ labels: { version }, value: 1 }]),
    family(
      "gauge",
      "perennial_leader",
      "1 where this replica leads and so tells of the source",
      each(({ health }) => Number(health.role === "leader")),
    ),
    family(
      "gauge",
      "perennial_event_stream_up",
      "1 while the subscription to events stands",
      each(({ health }) => Number(health.connected)),
    ),
    family(
      "gauge",
      "perennial_last_event_timestamp_seconds",
      "When an event was last heard",
      each(({ health }) => seconds(health.lastEventAt)),
    ),
    family(
      "gauge",
      "perennial_last_sample_timestamp_seconds",
      "When the queues were last read",
      each(({ samples }) => seconds(samples.redis?.sampledAt)),
    ),
    family(
      "gauge",
      "perennial_view_lag_seconds",
      "From an event's being heard to its being shown",
      each(({ health }) => seconds(health.lagMs)),
    ),
    family(
      "gauge",
      "perennial_view_replaying",
      "1 while history is being read after a start",
      each(({ health }) => Number(health.replaying !== null)),
    ),
    family(
      "gauge",
      "perennial_log_tasks",
      "Tasks of the kept history",
      each(({ health }) => health.tasks),
    ),
    family(
      "gauge",
      "perennial_log_events",
      "Events of the kept history",
      each(({ health }) => health.events),
    ),
    family(
      "gauge",
      "perennial_log_lost_events",
      "Events of that time that are known to be lost",
      each(({ health }) => health.lostEvents),
    ),
    family(
      "gauge",
      "perennial_log_malformed_messages",
      "Messages and events of that time that could not be read",
      each(({ health }) => health.malformed),
    ),
    family(
      "gauge",
      "perennial_log_size_bytes",
      "What the history takes in its store",
      each(({ health }) => health.logBytes),
    ),
    family(
      "gauge",
      "perennial_log_oldest_timestamp_seconds",
      "When the kept history begins",
      each(({ health }) => seconds(health.oldestAt)),
    ),
  ];
}

/** Labels of everything that is told of one broker. */
export function sourceOf({ name, broker }: BrokerMonitor): Labels {
  return { source: name, system: broker.kind };
}
