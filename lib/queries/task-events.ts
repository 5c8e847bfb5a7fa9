import type { Ordinal } from "../log/log.ts";
import { type TaskEvent, isTaskEvent } from "../model/event.ts";
import type { BrokerMonitor } from "../monitor/monitor.ts";

export interface StoredTaskEvent {
  ordinal: Ordinal;
  event: TaskEvent;
}

/** The kept events of some tasks with their payloads, of each in the order of the log; at most the last `limit` of each. */
export async function taskEvents(
  { view, log }: Pick<BrokerMonitor, "view" | "log">,
  ids: readonly string[],
  limit = Infinity,
): Promise<StoredTaskEvent[][]> {
  const ordinals = ids.map((id) => view.ordinalsOf(id).slice(0, limit).toReversed());
  const events = await log.read(ordinals.flat());
  return ordinals.map((own) =>
    own.flatMap((ordinal) => {
      const event = events.get(ordinal);
      return event !== undefined && isTaskEvent(event) ? [{ ordinal, event }] : [];
    }),
  );
}
