import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import { AppError, reasonOf } from "../../lib/errors.ts";
import { connectRedis, disconnect } from "../../lib/redis.ts";
import { timeZone } from "../../lib/wire/celery/time-zone.ts";
import { type Value, dict, get } from "../../lib/wire/python/value.ts";
import { saferepr } from "../../lib/wire/python/saferepr.ts";
import type { RedbeatEntry } from "../../lib/wire/celery/redbeat.ts";
import { entriesOf, listOf } from "../../lib/wire/celery/value-fields.ts";
import type { Log } from "../log.ts";
import type { Call } from "../producer/message-options.ts";
import type { PreparedMessage } from "../producer/publisher.ts";
import type { Settings } from "../settings.ts";
import { type BeatSchedule, definitionOf } from "./entry.ts";
import { holdLock, releaseLock } from "./lock.ts";
import { dueAt, ScheduleStore, type StoredEntry } from "./schedule-store.ts";

/** What beat needs of an application (`Celery`). */
export interface BeatApp {
  readonly settings: Pick<Settings, "broker" | "timezone" | "log">;
  readonly publisher: {
    /** The message of a task. Beat pushes it, in one step with recording the run. When it rejects it is asked again a little later. */
    prepare(call: Call): Promise<PreparedMessage>;
  };
}

export interface BeatOptions {
  app: BeatApp;
  /** The entries of the application's settings. Without it those that stand in Redis are run and none is added or taken away. */
  schedule?: BeatSchedule;
  /** Ends beat; what it is about to send is sent. */
  signal: AbortSignal;
  /** Longest pause between two looks at the schedule, so also until a change made by others is seen: 5 s. */
  maxIntervalMs?: number;
  /** How long nobody leads when a leading beat died: five pauses. */
  lockTimeoutMs?: number;
  /** URL of RedBeat's Redis where it is not the broker's (`redbeat_redis_url`). */
  store?: string;
  /** RedBeat's `redbeat_key_prefix`: `redbeat:`. */
  keyPrefix?: string;
}

/** Celery waits 300 s. RedBeat keeps its lock for five times that, in which a leader that was killed leaves the schedule to nobody. */
const MAX_INTERVAL_MS = 5_000;
const LOCK_INTERVALS = 5;
/** As RedBeat looks whether a disabled entry is enabled again. */
const DISABLED_MS = 5_000;
const AGAIN_MS = 100;

/**
 * Celery's beat with its schedule in Redis, in RedBeat's format (2.4). Any number of them may run beside each other and beside Python's
 * RedBeat: one leads, while it holds RedBeat's lock. What fell due while nobody led is sent once. When the schedule is kept on the
 * broker's Redis, a run and its message are one step, so that no tick is doubled or lost whenever a beat is killed; else a run is recorded
 * first, as RedBeat does it, and is lost if beat is killed before the message is sent.
 *
 * Resolves when the signal has fired. Rejects with `bad-input` for an entry or a zone that cannot be used; survives everything else.
 */
export async function runBeat(options: BeatOptions): Promise<void> {
  const { app, signal, keyPrefix = "redbeat:" } = options;
  const { broker: brokerUrl, timezone } = app.settings;
  const zone = timeZone(timezone);
  if (zone === null) throw new AppError("bad-input", `There is no time zone ${JSON.stringify(timezone)}`);
  const definitions =
    options.schedule && new Map(Object.entries(options.schedule).map(([name, entry]) => [name, definitionOf(name, entry, zone)]));
  const storeUrl = options.store ?? brokerUrl;
  const redis = connectRedis(storeUrl, { name: "beat" });
  const broker = storeUrl === brokerUrl ? null : connectRedis(brokerUrl, { name: "beat-broker" });
  try {
    await new Beat(options, new ScheduleStore(redis, zone, keyPrefix), redis, broker, definitions).run(signal);
  } finally {
    disconnect(redis);
    if (broker !== null) disconnect(broker);
  }
}

class Beat {
  readonly #app: BeatApp;
  readonly #log: Log;
  readonly #store: ScheduleStore;
  readonly #redis: Redis;
  /** Where messages go when that is not where the schedule is. */
  readonly #broker: Redis | null;
  readonly #definitions: ReadonlyMap<string, string> | undefined;
  readonly #maxIntervalMs: number;
  readonly #lockMs: number;
  readonly #token = randomUUID().replaceAll("-", "");
  /** What was said about entries that cannot be run, so that it is said once. */
  readonly #said = new Map<string, string>();
  #leads = false;

  constructor(
    options: BeatOptions,
    store: ScheduleStore,
    redis: Redis,
    broker: Redis | null,
    definitions: ReadonlyMap<string, string> | undefined,
  ) {
    this.#app = options.app;
    this.#log = options.app.settings.log;
    this.#store = store;
    this.#redis = redis;
    this.#broker = broker;
    this.#definitions = definitions;
    this.#maxIntervalMs = options.maxIntervalMs ?? MAX_INTERVAL_MS;
    this.#lockMs = options.lockTimeoutMs ?? LOCK_INTERVALS * this.#maxIntervalMs;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(await this.#turn(), signal);
    }
    await releaseLock(this.#redis, this.#store.lockKey, this.#token).catch(() => {}); // it ends by itself
  }

  /** One look at lock and schedule; answers how long to wait for the next. */
  async #turn(): Promise<number> {
    // Often enough that the lock outlives a reply that comes late.
    const longestMs = Math.min(this.#maxIntervalMs, this.#lockMs / 3);
    try {
      const answer = await holdLock(this.#redis, this.#store.lockKey, this.#token, this.#lockMs);
      if (answer.held !== "still") this.#lead(false);
      if (answer.held === "no") return Math.min(answer.othersForMs ?? longestMs, longestMs);
      if (!this.#leads && this.#definitions !== undefined) await this.#store.install(this.#definitions, Date.now());
      this.#lead(true);
      return Math.min(await this.#tick(), longestMs);
    } catch (error) {
      this.#log({ level: "error", text: "the schedule cannot be followed, trying again", about: { reason: reasonOf(error) } });
      return longestMs * (0.5 + Math.random() / 2);
    }
  }

  /** Sends what is due; answers in how many ms something may be due again. */
  async #tick(): Promise<number> {
    let nextAt = Infinity;
    for (const stored of await this.#store.upcoming(Date.now(), this.#maxIntervalMs)) {
      nextAt = Math.min(nextAt, await this.#attend(stored));
    }
    return nextAt - Date.now();
  }

  /** Sends an entry when it is due; answers when it is to be looked at again. */
  async #attend(stored: StoredEntry): Promise<number> {
    const runAt = Date.now();
    if (!stored.read.ok) return this.#complain(stored, stored.read.reason);
    const { entry, nextRunAt } = stored.read.value;
    if (!entry.enabled) return runAt + DISABLED_MS;
    const due = dueAt(stored.read.value, runAt);
    if (due > runAt) return due;
    let message: PreparedMessage;
    try {
      message = await this.#app.publisher.prepare(callOf(entry));
    } catch (error) {
      return this.#complain(stored, reasonOf(error));
    }
    const next = nextRunAt(runAt);
    const run = { token: this.#token, entry, runAt, nextRunAt: next };
    const outcome = await this.#store.run(stored, this.#broker === null ? { ...run, push: message } : run);
    if (outcome !== "sent") return runAt + AGAIN_MS; // then we see who leads, and what the entry has become
    for (const list of message.lists) await this.#broker?.lpush(list, message.text);
    message.sent();
    this.#said.delete(stored.key);
    this.#log({ level: "info", text: "sent", about: { entry: entry.name, task: entry.task } });
    return next;
  }

  #complain({ key, definition }: StoredEntry, reason: string): number {
    const said = `${definition} ${reason}`;
    if (this.#said.get(key) !== said) this.#log({ level: "error", text: "an entry cannot be sent", about: { key, reason } });
    this.#said.set(key, said);
    return Date.now() + this.#maxIntervalMs;
  }

  #lead(leads: boolean): void {
    if (leads && !this.#leads) this.#log({ level: "info", text: "beat leads" });
    if (!leads && this.#leads) this.#log({ level: "warning", text: "beat has lost its lock" });
    this.#leads = leads;
  }
}

/** The call that an entry stands for, with the mark that Celery's beat sets since 5.7. */
function callOf({ task, args, kwargs, options }: RedbeatEntry): Call {
  const headers = entriesOf(get(options, "headers")).filter(([name]) => name !== "celery_beat_task");
  return {
    name: task,
    args: listOf(args) ?? [],
    kwargs: entriesOf(kwargs),
    options: new Map<string, Value>([
      ["argsrepr", saferepr(args)], // of a list: beat does not make a tuple of it
      ...entriesOf(options),
      ["headers", dict([...headers, ["celery_beat_task", true]])],
    ]),
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(Math.max(ms, 1), undefined, { signal }).catch(() => {});
}
