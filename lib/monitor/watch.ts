import type { Broker } from "../brokers/broker.ts";
import type { OurHealth } from "../contract/overview.ts";
import { AppError } from "../errors.ts";
import { identityOf, RecentIdentities } from "../log/identity.ts";
import type { Limits, Log, LogExtent } from "../log/log.ts";
import type { Event, TaskEvent } from "../model/event.ts";
import type { View } from "../view/view.ts";
import { Absence } from "./absence.ts";
import { every, keepRunning, type Duty } from "./duty.ts";
import { follow, LostLogs, Position } from "./follow.ts";
import { Heartbeats } from "./heartbeats.ts";
import { lead, type Leadership } from "./lead.ts";
import type { BrokerMonitor } from "./monitor.ts";
import { Outbox } from "./outbox.ts";

const EXTENT_MS = 2_000;
const SAMPLE_MS = 2_000;
const JUDGE_MS = 1_000;
/** Samples older than this are not needed for any chart of depths. */
const SAMPLES_MS = 3_600_000;
/** Whoever leads stores an act within milliseconds; while nobody does, the lease of the dead has to end first. */
const RECORD_MS = 10_000;

export interface Watch extends BrokerMonitor {
  stop(): Promise<void>;
}

/** Watches one broker until it is stopped: hears, stores, follows, samples and asks. `trouble` hears what goes wrong. */
export function watch(broker: Broker, log: Log, view: View, limits: Limits, trouble: (duty: string, reason: string) => void): Watch {
  const position = new Position();
  const identities = new RecentIdentities();
  const lost = new LostLogs();
  const absence = new Absence();
  const outbox = new Outbox();
  const heartbeats = new Heartbeats(Date.now(), (worker) => view.workers.get(worker) !== undefined);
  const leadership: Leadership = { leads: false, problem: null };
  const stopping = new AbortController();
  const size: { bytes: number | null; oldestAt: number | null } = { bytes: null, oldestAt: null };
  let lastEventAt: number | null = null;
  let trimmed: Pick<LogExtent, "epoch" | "first" | "next"> = { epoch: "", first: 0, next: 0 };

  const hear = (events: readonly Event[]): void => {
    if (events.some((event) => event.source === "event")) lastEventAt = Date.now();
    if (events.some((event) => event.type === "log.gap")) heartbeats.reopened(Date.now());
    outbox.push(heartbeats.filter(events));
  };

  /** What others put into a stream is taken out of it when the log has it. */
  const takeIn = async (heard: AsyncIterable<Event[]>, signal: AbortSignal): Promise<void> => {
    for await (const events of heard) {
      hear(events);
      await outbox.stored(signal);
      if (signal.aborted) return;
    }
  };

  const leaderDuties: Duty[] = [
    {
      name: "sample",
      run: (signal) =>
        every(SAMPLE_MS, signal, async () => {
          const { sample, events } = await broker.sample(Date.now());
          hear(events);
          await log.appendSample(sample);
        }),
    },
    {
      name: "judge",
      run: (signal) =>
        every(JUDGE_MS, signal, async () => {
          if (broker.connection().connected) hear([...absence.take(Date.now()), ...heartbeats.judge(view.workers.all(), Date.now())]);
          await Promise.resolve();
        }),
    },
    { name: "survey", run: (signal) => broker.survey(hear, signal) },
    { name: "inbox", run: (signal) => takeIn(log.inbox(signal), signal) },
    { name: "acts", run: (signal) => takeIn(log.submitted(signal), signal) },
  ];

  const duties: Duty[] = [
    follow({ log, view, position, identities, lost }),
    { name: "collect", run: (signal) => broker.collect(hear, signal) },
    {
      name: "extent",
      run: (signal) =>
        every(EXTENT_MS, signal, async () => {
          absence.arrive(broker.connection());
          const extent = await log.extent();
          size.bytes = extent.bytes;
          size.oldestAt = extent.oldestAt;
          position.sees(extent);
          // What lives on was written again before the log was trimmed: where it ended then, the view must be first.
          if (trimmed.epoch === position.epoch && trimmed.next <= position.next) view.trim(trimmed.first);
          trimmed = extent;
        }),
    },
    {
      name: "samples",
      async run(signal) {
        let from = Date.now() - SAMPLES_MS;
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
      lost,
      limits,
      leadership,
      trouble,
      duties: async (signal) => {
        await absence.measure(log, view);
        await Promise.all(leaderDuties.map((duty) => keepRunning(duty, signal, trouble)));
      },
    }),
  ];

  const running = Promise.all(duties.map((duty) => keepRunning(duty, stopping.signal, trouble)));

  return {
    name: broker.name,
    broker,
    log,
    view,
    health(): OurHealth {
      const { connected, problem } = broker.connection();
      const { tasks, events } = view.extent;
      return {
        role: leadership.leads ? "leader" : "standby",
        lagMs: position.lagMs,
        connected,
        problem: problem ?? leadership.problem ?? position.problem,
        lastEventAt,
        store: log.store.note ?? log.store.kind,
        replaying: position.isReplaying ? { done: position.next, of: position.goal ?? position.next } : null,
        tasks,
        events,
        lostEvents: view.gaps.total,
        malformed: view.malformed.total,
        logBytes: size.bytes,
        oldestAt: size.oldestAt,
      };
    },
    async record(event: TaskEvent) {
      const identity = identityOf(event);
      if (identities.has(identity)) return;
      const patience = AbortSignal.any([AbortSignal.timeout(RECORD_MS), stopping.signal]);
      const shown = position.shows(identity, patience);
      await log.submit(event);
      if (!(await shown)) throw new AppError("unavailable", "Nobody has written it into the history yet");
    },
    async stop() {
      stopping.abort();
      await running;
      await Promise.all([broker.close(), log.close()]);
    },
  };
}
