import type { Abilities, Broker, FoundMessage, Publication } from "../brokers/broker.ts";
import type { OurHealth } from "../contract/overview.ts";
import type { HeldMessage } from "../contract/queue.ts";
import type { WorkerInspection } from "../contract/worker.ts";
import { EventLog } from "../log/event-log.ts";
import type { Sample } from "../log/log.ts";
import { MemoryStore } from "../log/memory/store.ts";
import type { Event, TaskEvent, TaskEventType, WorkerEvent, WorkerEventType } from "../model/event.ts";
import type { WorkerData } from "../model/worker.ts";
import type { BrokerMonitor, Monitor } from "../monitor/monitor.ts";
import { View } from "../view/view.ts";

/** A broker of which tests say what it answers, and see what was done to it. */
export interface TestBroker {
  abilities: Abilities;
  /** Messages that lie on it, by task id. */
  messages: Map<string, FoundMessage>;
  held: HeldMessage[];
  /** What every worker answers. */
  inspection: WorkerInspection;
  /** When set, nothing can be asked of it or done to it. */
  problem: Error | null;
  revoked: { task: string; terminate: boolean; signal: string; queue: string | undefined }[];
  published: Publication[];
}

/** One watched broker with a real view, a real log in memory, and nothing running: what happens is what the test tells. */
export interface TestMonitor {
  monitor: Monitor;
  watched: BrokerMonitor;
  broker: TestBroker;
  health: OurHealth;
  /** What operators did, as it was recorded. */
  recorded: TaskEvent[];
  /** When set, nothing can be recorded. */
  recordProblem: Error | null;
  /** Appends events to the log and applies them to the view. */
  tell(...events: Event[]): Promise<void>;
  sample(sample: Sample): void;
}

export function testMonitor(name = "prod"): TestMonitor {
  const view = new View();
  const log = new EventLog(new MemoryStore(null));
  const leading = log.lead(LEASE_MS);
  const tell = async (...events: Event[]): Promise<void> => {
    await leading;
    const first = await log.append(events);
    for (const [index, event] of events.entries()) view.apply(event, first + index);
  };
  const broker = testBroker();
  const watched: BrokerMonitor = {
    name,
    broker: brokerOf(name, broker),
    log,
    view,
    health: () => ({ ...test.health, tasks: view.extent.tasks, events: view.extent.events }),
    async record(event) {
      if (test.recordProblem !== null) throw test.recordProblem;
      test.recorded.push(event);
      await tell(event);
    },
  };
  const test: TestMonitor = {
    monitor: { version: "1.2.3", brokers: new Map([[name, watched]]), close: async () => undefined },
    watched,
    broker,
    health: HEALTHY,
    recorded: [],
    recordProblem: null,
    tell,
    sample: (sample) => view.applySample(sample),
  };
  return test;
}

/** Longer than any test. */
const LEASE_MS = 3_600_000;

const HEALTHY: OurHealth = {
  role: "leader",
  lagMs: 100,
  connected: true,
  problem: null,
  lastEventAt: null,
  store: "memory",
  replaying: null,
  tasks: 0,
  events: 0,
  lostEvents: 0,
  malformed: 0,
  logBytes: 0,
  oldestAt: null,
};

export function testBroker(): TestBroker {
  return {
    abilities: {
      revokeQueued: true,
      terminateRunning: true,
      rerun: true,
      peekQueue: true,
      workerControl: true,
      results: true,
      progress: true,
    },
    messages: new Map(),
    held: [],
    inspection: NO_ANSWER,
    problem: null,
    revoked: [],
    published: [],
  };
}

export function brokerOf(name: string, state: TestBroker): Broker {
  const asked = <T>(answer: T): Promise<T> => (state.problem === null ? Promise.resolve(answer) : Promise.reject(state.problem));
  return {
    name,
    kind: "celery",
    displayUrl: "redis://localhost:6379/0",
    abilities: state.abilities,
    collect: async () => undefined,
    connection: () => ({ connected: true, since: 0, problem: null }),
    survey: async () => undefined,
    sample: (now) => asked({ sample: { at: now, queues: [] }, events: [] }),
    peekQueue: () => asked({ messages: [], depth: 0, next: null, readAt: 0 }),
    held: (limit) => asked({ messages: state.held.slice(0, limit), total: state.held.length }),
    findMessage: (task) => asked(state.messages.get(task)),
    inspectWorker: () => asked(state.inspection),
    async revoke(task, options) {
      await asked(null);
      state.revoked.push({ task, ...options });
      return "2 workers were told.";
    },
    async publish(publication) {
      await asked(null);
      state.published.push(publication);
    },
    close: async () => undefined,
  };
}

const NO_ANSWER: WorkerInspection = {
  answered: false,
  askedAt: 0,
  tookMs: 0,
  stats: null,
  active: null,
  reserved: null,
  scheduled: null,
  queues: null,
  registered: null,
  conf: null,
  revoked: null,
};

/** An event of a task, told by a worker and heard at once. */
export function taskEvent(type: TaskEventType, task: string, at: number, facts: Partial<TaskEvent> = {}): TaskEvent {
  return { type, task, at, seenAt: at, source: "event", ...facts };
}

export function workerEvent(type: WorkerEventType, worker: string, at: number, data: WorkerData = {}): WorkerEvent {
  return { type, worker, at, seenAt: at, source: "event", details: JSON.stringify(data) };
}
