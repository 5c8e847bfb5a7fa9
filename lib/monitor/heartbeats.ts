import type { Event, WorkerEvent } from "../model/event.ts";
import type { Worker, WorkerData } from "../model/worker.ts";

/** A heartbeat that changes nothing is stored this often, one that tells another number of running tasks this often. */
const STORE_EVERY_MS = 30_000;
const STORE_ACTIVE_EVERY_MS = 5_000;
const DEFAULT_FREQ_MS = 2_000;
/** Late after three missed beats, never before this. */
const LATE_AFTER_MS = 6_000;
/** Lost after ten missed beats, never before this. */
const LOST_AFTER_MS = 20_000;
/** A solo pool beats only between tasks, so its silence says little. */
const SOLO_LOST_AFTER_MS = 1_800_000;
/** A worker that was never asked to beat often (`freq` of minutes) is not waited for longer than this. */
const LONGEST_WAIT_MS = 180_000;
/** So many boots within this time are a reconnect loop: 28 in 8 s were seen, on a busy machine 10 in 15 s. */
const LOOP_BOOTS = 5;
const LOOP_MS = 15_000;
/** The loop is over when there was no boot for so long. */
const CALM_MS = 10_000;

interface Heard {
  at: number;
  freqMs: number;
  storedAt: number;
  pid: number | undefined;
  active: number | undefined;
  stopped: boolean;
  boots: number[];
  looping: boolean;
}

/**
 * What workers' signs of life amount to. Of the heartbeats only changes and one in thirty seconds go to the log; silence
 * is judged by our own clock, counted from when we began to listen, and becomes events that the leader writes.
 */
export class Heartbeats {
  readonly #heard = new Map<string, Heard>();
  readonly #isKnown: (worker: string) => boolean;
  #listeningSince: number;

  /** `isKnown` tells whether the view has a worker. */
  constructor(now: number, isKnown: (worker: string) => boolean) {
    this.#listeningSince = now;
    this.#isKnown = isKnown;
  }

  /** Our own ears were closed: nobody is late before having had time to be heard again. */
  reopened(now: number): void {
    this.#listeningSince = now;
  }

  /**
   * The events that are worth storing. Every event with a worker is a sign of its life, and the first one of a worker that
   * has not beaten yet, or never does, makes it known: what it runs has an owner whom we can ask and miss.
   */
  filter(events: readonly Event[]): Event[] {
    const stored: Event[] = [];
    for (const event of events) {
      if (isBeat(event)) {
        if (this.#worker(event)) stored.push(event);
        continue;
      }
      stored.push(event);
      if (event.worker === undefined || (event.source !== "event" && event.source !== "inspect")) continue;
      if (event.source === "event" && !this.#heard.has(event.worker)) {
        this.#heard.set(event.worker, unheard());
        if (!this.#isKnown(event.worker)) stored.push(met(event.worker, event));
      }
      this.answered(event.worker, event.seenAt);
    }
    return stored;
  }

  /** A sign of life that is no heartbeat: a task event, an answer to a question. */
  answered(worker: string, now: number): void {
    const heard = this.#heard.get(worker);
    if (heard !== undefined && now > heard.at) heard.at = now;
  }

  /** When anything was last heard of a worker by this process. */
  lastHeardAt(worker: string): number | undefined {
    return this.#heard.get(worker)?.at;
  }

  /** What silence means now, as events; called about once a second. `workers` is what the view knows. */
  judge(workers: Iterable<Worker>, now: number): WorkerEvent[] {
    const judged: WorkerEvent[] = [];
    for (const worker of workers) {
      if (worker.state === "stopped" || worker.state === "lost" || worker.kind === "beat") continue;
      const heard = this.#heard.get(worker.name);
      const silentMs = now - Math.max(heard?.at ?? 0, this.#listeningSince);
      const freqMs = heard?.freqMs ?? worker.heartbeatMs ?? DEFAULT_FREQ_MS;
      const lateMs = Math.min(Math.max(LATE_AFTER_MS, 3 * freqMs), LONGEST_WAIT_MS);
      const lostMs = worker.pool === "solo" ? SOLO_LOST_AFTER_MS : Math.min(Math.max(LOST_AFTER_MS, 10 * freqMs), LONGEST_WAIT_MS * 2);
      if (heard?.looping === true && now - (heard.boots.at(-1) ?? 0) > CALM_MS) {
        heard.looping = false;
        const data: WorkerData = heard.stopped ? { state: "stopped" } : { state: "online", reason: "it stopped reconnecting" };
        judged.push(verdict("worker.inspected", worker.name, now, data));
        if (heard.stopped) continue;
      }
      if (worker.state === "silent") continue;
      const seconds = Math.round(silentMs / 1000);
      if (silentMs > lostMs) {
        judged.push(verdict("worker.lost", worker.name, now, { reason: `nothing heard of it for ${seconds} s` }));
      } else if (silentMs > lateMs && worker.state !== "late") {
        judged.push(verdict("worker.late", worker.name, now, { reason: `no heartbeat for ${seconds} s` }));
      }
    }
    return judged;
  }

  #worker(event: WorkerEvent): boolean {
    const heard = this.#heard.get(event.worker) ?? unheard();
    this.#heard.set(event.worker, heard);
    const silentMs = event.seenAt - heard.at;
    const wasSilent = silentMs > Math.max(LATE_AFTER_MS, 3 * heard.freqMs);
    heard.at = Math.max(heard.at, event.seenAt);
    const { heartbeatMs: freqMs, active } = dataOf(event);
    if (freqMs !== undefined && freqMs > 0) heard.freqMs = freqMs;

    if (event.type === "worker.online") {
      heard.boots = [...heard.boots.filter((at) => event.seenAt - at < LOOP_MS), event.seenAt];
      heard.stopped = false;
      heard.pid = event.pid;
      return !this.#loops(event, heard);
    }
    if (event.type === "worker.offline") {
      heard.stopped = true;
      return !heard.looping;
    }
    if (heard.looping) {
      heard.stopped = false;
      return false;
    }
    const sinceStoredMs = event.seenAt - heard.storedAt;
    const busier =
      active !== undefined && active !== heard.active && (heard.active === undefined || sinceStoredMs >= STORE_ACTIVE_EVERY_MS);
    const news = heard.stopped || wasSilent || busier || heard.pid !== event.pid || sinceStoredMs >= STORE_EVERY_MS;
    heard.stopped = false;
    heard.pid = event.pid;
    if (news) heard.storedAt = event.seenAt;
    if (news) heard.active = active ?? heard.active;
    return news;
  }

  /** Turns the boot that makes a loop into the event that says so; further boots of the loop are not stored. */
  #loops(event: WorkerEvent, heard: Heard): boolean {
    if (heard.looping) return true;
    if (heard.boots.length < LOOP_BOOTS) return false;
    heard.looping = true;
    const data: WorkerData = {
      ...dataOf(event),
      state: "looping",
      reason: `it came back ${heard.boots.length} times in ${LOOP_MS / 1000} s: a message that it takes breaks its connection each time`,
    };
    event.details = JSON.stringify(data);
    return false;
  }
}

function isBeat(event: Event): event is WorkerEvent {
  if (event.source !== "event") return false;
  return event.type === "worker.online" || event.type === "worker.heartbeat" || event.type === "worker.offline";
}

function unheard(): Heard {
  return { at: 0, freqMs: DEFAULT_FREQ_MS, storedAt: 0, pid: undefined, active: undefined, stopped: true, boots: [], looping: false };
}

/** A worker that speaks of its tasks and was not heard of before. */
function met(worker: string, { at, seenAt }: Event): WorkerEvent {
  return { type: "worker.inspected", worker, at, seenAt, source: "event", inferred: true };
}

function dataOf(event: WorkerEvent): WorkerData {
  // Made by the broker's own code a moment ago.
  return event.details === undefined ? {} : (JSON.parse(event.details) as WorkerData);
}

function verdict(type: WorkerEvent["type"], worker: string, now: number, data: WorkerData): WorkerEvent {
  return { type, worker, at: now, seenAt: now, source: "leader", inferred: true, details: JSON.stringify(data) };
}
