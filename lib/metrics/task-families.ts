import type { BrokerMonitor } from "../monitor/monitor.ts";
import { type Family, family, type Labels, OTHER } from "./family.ts";

/** Celery's own states are few; applications add theirs. */
const MOST_STATES = 50;

export function taskFamilies(watched: BrokerMonitor, source: Labels): Family[] {
  const states = [...watched.view.byState].toSorted(([, left], [, right]) => right - left);
  const others = states.slice(MOST_STATES).reduce((sum, [, tasks]) => sum + tasks, 0);
  const shown: [string, number][] = [...states.slice(0, MOST_STATES), ...(others > 0 ? [[OTHER, others] as [string, number]] : [])];
  return [
    family(
      "gauge",
      "taskqueue_tasks",
      "Tasks of the kept history by state",
      shown.map(([state, value]) => ({ labels: { ...source, state }, value })),
    ),
  ];
}
