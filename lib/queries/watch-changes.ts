import type { Scope } from "../contract/common.ts";
import type { LiveMessage } from "../contract/series.ts";
import type { Viewer } from "../model/viewer.ts";
import type { Monitor } from "../monitor/monitor.ts";
import type { Change } from "../view/changes.ts";
import { watchedBroker } from "./watched-broker.ts";

/** The view tells of each turn of the event loop; a screen has no use for more than this. */
const EVERY_MS = 200;
const MOST_IDS = 100;

/** Tells what changes at a broker, at most five times a second. Answers the way to stop. */
export function watchChanges(
  monitor: Monitor,
  viewer: Viewer,
  query: Pick<Scope, "broker">,
  send: (message: LiveMessage) => void,
): () => void {
  const { view } = watchedBroker(monitor, viewer, query.broker);
  let pending: Change | undefined;
  let timer: NodeJS.Timeout | undefined;

  const tell = (): void => {
    timer = undefined;
    if (pending === undefined) return;
    const change = pending;
    pending = undefined;
    timer = setTimeout(tell, EVERY_MS);
    send({ type: "tick", at: Date.now(), ...change });
  };
  const unsubscribe = view.subscribe((change) => {
    pending = pending === undefined ? change : joined(pending, change);
    if (timer === undefined) tell();
  });
  return () => {
    unsubscribe();
    clearTimeout(timer);
  };
}

function joined(earlier: Change, later: Change): Change {
  const ids = earlier.tasks === null || later.tasks === null ? null : [...new Set([...earlier.tasks, ...later.tasks])];
  return {
    ordinal: Math.max(earlier.ordinal, later.ordinal),
    tasks: ids === null || ids.length > MOST_IDS ? null : ids,
    queues: earlier.queues || later.queues,
    workers: earlier.workers || later.workers,
  };
}
