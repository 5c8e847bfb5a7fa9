import type { Broker } from "../brokers/broker.ts";
import type { OurHealth } from "../contract/overview.ts";
import { reasonOf } from "../errors.ts";
import { RecentIdentities } from "../log/identity.ts";
import type { Limits, Log } from "../log/log.ts";
import type { Event, TaskEvent } from "../model/event.ts";
import { isInferred, stateOf } from "../model/state.ts";
import { View } from "../view/view.ts";
import { every, keepRunning, type Duty } from "./duty.ts";
import { follow, Position } from "./follow.ts";
import { Heartbeats } from "./heartbeats.ts";
import { lead, type Leadership } from "./lead.ts";
import type { BrokerMonitor } from "./monitor.ts";
import { Outbox } from "./outbox.ts";

const EXTENT_MS = 2_000;
const SAMPLE_MS = 2_000;
const JUDGE_MS = 1_000;
const RECONCILE_MS = 2_000;

/** Watches one broker until `stop`: hears, stores, follows, samples and asks. */
export function watch(broker: Broker, log: Log, limits: Limits, trouble: (duty: string, reason: string) => void): BrokerMonitor & { stop(): Promise<void> } {
  const view = new View();
  const position = new Position();
  const identities = new RecentIdentities();
  const outbox = new Outbox();
  const heartbeats = new Heartbeats(Date.now());
  const leadership: Leadership = { leads: false, problem: null };
  const stopping = new AbortController();
  const problems = new Map<string, string>();
  let logBytes: number | null = null;
  let oldestAt: number | null = null;
  let lastEventAt: number | null = null;

  const known = {
    task(id: string) {
      const task = view.task(id);
      if (task === undefined) return undefined;
      return {
        state: stateOf(task),
        run: task.lastRun,
        received: task.receivedAt !== undefined,
        started: task.startedAt !== undefined,
        worker: task.worker,
        name: task.name,
        queue: task.queue,
      };
    },
  };

  const hear = (events: readonly Event[]): void => {
    const heard = heartbeats.filter(events);
    if (events.some((event) => event.source === "event")) lastEventAt = Date.now();
    outbox.push(heard);
  };

  const duties: Duty[] = [
    follow(log, view, position, identities),
    { name: "collect", run: (signal) => broker.collect(hear, known, signal) },
    {
      name: "extent",
      run: (signal) =>
        every(EXTENT_MS, signal, async () => {
          const extent = await log.extent();
          logBytes = extent.bytes;
          oldestAt = extent.oldestAt;
          if (extent.epoch === position.epoch) {
            position.goal = extent.next;
            view.trim(extent.first);
          }
        }),
    },
    {
      name: "samples",
      async run(signal) {
        let from = Date.now() - 3_600_000;
        await every(SAMPLE_MS, signal, async () => {
          for (const sample of await log.samples(from)) {
            from = sample.at + 1;
            view.applySample(sample);
          }
        });
      },
    },
    lead({
      log,
      view,
      position,
      outbox,
      identities,
      limits,
      leadership,
      duties: async (signal) => {
        await Promise.all([
          keepRunning({ name: "sample", run: (s) => every(SAMPLE_MS, s, async () => log.appendSample(await broker.sample(Date.now()))) }, signal, note),
          keepRunning({ name: "judge", run: (s) => every(JUDGE_MS, s, async () => outbox.push(heartbeats.judge(view.workers.all(), Date.now()))) }, signal, note),
          keepRunning({ name: "reconcile", run: (s) => every(RECONCILE_MS, s, async () => undefined) }, signal, note),
          keepRunning({ name: "inbox", run: (s) => drainInbox(log, hear, s) }, signal, note),
        ]);
      },
    }),
  ];

  function note(duty: string, reason: string): void {
    problems.set(duty, reason);
    trouble(duty, reason);
  }

  const running = Promise.all(duties.map((duty) => keepRunning(duty, stopping.signal, note)));

  return {
    name: broker.name,
    broker,
    log,
    view,
    health(): OurHealth {
      const { connected, problem } = broker.connection();
      return {
        role: leadership.leads ? "leader" : "standby",
        lagMs: position.lagMs,
        connected,
        problem: problem ?? leadership.problem,
        lastEventAt,
        store: log.store.note ?? log.store.kind,
        replaying: position.caughtUp ? null : { done: position.next, of: position.goal },
        tasks: view.extent.tasks,
        events: view.extent.events,
        lostEvents: 0,
        malformed: 0,
        logBytes,
        oldestAt,
      };
    },
    async record(event: TaskEvent) {
      outbox.push([event]);
      await Promise.resolve();
    },
    async stop() {
      stopping.abort();
      await running;
      await broker.close();
      await log.close();
    },
  };
}

async function drainInbox(log: Log, hear: (events: readonly Event[]) => void, signal: AbortSignal): Promise<void> {
  for await (const events of log.inbox(signal)) hear(events);
}

export { isInferred, reasonOf };
