import { type Scope, spanOf, WINDOWS } from "../contract/common.ts";
import type { FailureGroup, Overview } from "../contract/overview.ts";
import type { Viewer } from "../model/viewer.ts";
import type { BrokerMonitor, Monitor } from "../monitor/monitor.ts";
import { scan } from "../view/query.ts";
import type { View } from "../view/view.ts";
import { failingName, failureGroups } from "./failures.ts";
import { type FailingName, type Facts, findingsOf } from "./findings.ts";
import { gapsIn, malformedIn, malformedKinds, shownGaps } from "./incidents.ts";
import { queueRows } from "./queue-rows.ts";
import { failed, held, isRunningState } from "./stages.ts";
import { watchedBroker } from "./watched-broker.ts";
import { byUrgency, isAlive, workerRow } from "./worker-row.ts";

/** The overview is asked for every second by every tab: what a screen cannot show stays out of it. */
const QUEUES = 50;
const WORKERS = 500;
const FAILURES = 20;
const POINTS = 60;
/** Since when something fails is looked for this far back, however short the window. */
const LOOK_BACK_MS = WINDOWS["1h"];

/** What needs a person, and everything else at one glance. */
export async function getOverview(monitor: Monitor, viewer: Viewer, query: Scope): Promise<Overview> {
  const watched = watchedBroker(monitor, viewer, query.broker);
  const { view } = watched;
  const now = Date.now();
  const span = spanOf(query, now);
  const queues = queueRows(view, span, now, POINTS);
  const workers = view.workers.all().map(workerRow).toSorted(byUrgency);
  const sum = view.series.sum({ ...span, by: "all" });
  const groups = failureGroups(view.table, { is: "all", of: [failed, { is: "time", field: "ended", ...span }] }, now);
  const alive = workers.filter(isAlive);
  const { unacked, redis } = view.queues;
  const us = watched.health();
  const [gaps, malformed] = [gapsIn(view, span), malformedIn(view, span)];
  return {
    broker: watched.name,
    kind: watched.broker.kind,
    now,
    ...span,
    findings: findingsOf({
      now,
      windowMs: span.to - span.from,
      us,
      queues,
      workers,
      redis: redis ?? null,
      gaps,
      malformed,
      poison: view.malformed.kept.filter(({ poison }) => poison === true),
      taskEventsHeard: hasHeardOfTasks(view),
      orphaned: orphansOf(watched, now),
      failing: failingNames(view, groups, span, now),
    }),
    byState: Object.fromEntries(view.byState),
    ended: { succeeded: sum.succeeded, failed: sum.failed, retried: sum.retried, revoked: sum.revoked },
    waiting: queues.reduce((all, { depth }) => all + depth, 0),
    running: countRunning(view),
    slots: alive.some(({ slots }) => slots !== null) ? alive.reduce((all, { slots }) => all + (slots ?? 0), 0) : null,
    waitP95Ms: sum.waitP95Ms,
    runP95Ms: sum.runP95Ms,
    failures: groups.slice(0, FAILURES),
    queues: queues.slice(0, QUEUES),
    workers: workers.slice(0, WORKERS),
    redis: redis ?? null,
    unacked:
      unacked === undefined
        ? null
        : { count: unacked.count, oldestMs: unacked.oldestAt === null ? null : Math.max(0, now - unacked.oldestAt) },
    malformed: malformedKinds(malformed),
    gaps: shownGaps(gaps),
    us,
  };
}

function countRunning(view: View): number {
  let count = 0;
  for (const [state, tasks] of view.byState) if (isRunningState(state)) count += tasks;
  return count;
}

function hasHeardOfTasks(view: View): boolean {
  const { sent, received, started } = view.series.total();
  return sent + received + started > 0;
}

function failingNames(view: View, groups: readonly FailureGroup[], span: { from: number; to: number }, now: number): FailingName[] {
  const from = Math.min(span.from, now - LOOK_BACK_MS);
  const names = new Map<string, string | null>();
  // The groups come most frequent first, so a name is shown with its most frequent exception.
  for (const { name, exceptionType } of groups.slice(0, FAILURES)) if (name !== null && !names.has(name)) names.set(name, exceptionType);
  return Array.from(names, ([name, exceptionType]) => {
    const { points } = view.series.read({ from, to: span.to, by: "name", key: name });
    return failingName(name, exceptionType, points);
  }).filter((failing) => failing !== null);
}

/** Tasks that a worker took before it went, as long as any message is unacknowledged at all. */
function orphansOf({ view }: BrokerMonitor, now: number): Facts["orphaned"] {
  const unacked = view.queues.unacked?.count;
  const gone = view.workers.all().filter(({ state }) => state === "lost" || state === "stopped");
  if (unacked === undefined || unacked === 0 || gone.length === 0) return { count: 0, oldestMs: null };
  const workers = gone.map(({ name }) => ({ is: "match", field: "worker", pattern: name }) as const);
  const filter = { is: "all", of: [held, { is: "any", of: workers }] } as const;
  const { rows, total } = scan(view.table, { filter, sort: "received", descending: false, limit: 1, now });
  const [oldest] = rows.map((row) => view.table.read(row).receivedAt);
  return { count: Math.min(total, unacked), oldestMs: oldest === undefined ? null : Math.max(0, now - oldest) };
}
