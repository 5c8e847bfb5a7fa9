import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { BrokerConfig } from "../../config.ts";
import type { WorkerInspection } from "../../contract/worker.ts";
import { asAppError, connectRedis, disconnect, displayUrl } from "../../redis.ts";
import type { Event } from "../../model/event.ts";
import { celeryKeys } from "../../wire/celery/keys.ts";
import type { PidboxCommand } from "../../wire/celery/pidbox-command.ts";
import type { Broker, Known } from "../broker.ts";
import { Acts } from "./act.ts";
import { Control } from "./control.ts";
import { databaseOf } from "./discover.ts";
import { Fleet } from "./fleet.ts";
import { Hearing } from "./hearing.ts";
import { Malformed } from "./malformed.ts";
import { Peek } from "./peek.ts";
import { QueueNames } from "./queue-names.ts";
import { QueueReader } from "./queue-reader.ts";
import { Reconciler } from "./reconcile.ts";
import { Results } from "./results.ts";
import { Runs } from "./runs.ts";
import { Sampler } from "./sample.ts";
import { Subscription } from "./subscription.ts";
import { Unacked } from "./unacked.ts";
import { Unheard } from "./unheard.ts";
import { Search } from "./whereabouts.ts";

const LOOK_MS = 1_000;
const NAMES_MS = 30_000;
const CLOSE_MS = 200;

/** A Celery application on Redis, watched from outside. Connects at once; nothing is written until somebody acts or asks. */
export function celeryBroker(config: BrokerConfig, known: Known): Broker {
  const url = config.brokerUrl;
  const keys = celeryKeys({
    db: databaseOf(url) ?? 0,
    globalKeyprefix: config.keyPrefix,
    resultKeyprefix: config.resultKeyPrefix,
    prioritySteps: config.prioritySteps,
  });
  const connections: Redis[] = [];
  const connect = (to: string, name: string, blocking = false): Redis => {
    const redis = connectRedis(to, { name: `${config.name}-${name}`, blocking });
    connections.push(redis);
    return redis;
  };

  const redis = connect(url, "broker");
  const stores = config.resultUrls.map((store, i) => connect(store, `results-${i}`));
  const malformed = new Malformed();
  const runs = new Runs(known);
  const names = new QueueNames(redis, keys, malformed);
  const control = new Control(redis, keys, malformed);
  const results = new Results(stores, keys, runs, known, malformed);
  const unacked = new Unacked(redis, keys, runs, known, malformed);
  const reader = new QueueReader(redis, runs, known, malformed);
  const sampler = new Sampler({ redis, keys, names, reader, unacked, malformed });
  const fleet = new Fleet({ control, names, known, runs, enableEvents: config.enableEvents });
  const search = new Search({ redis, keys, control, names, runs });
  const reconciler = new Reconciler({ search, names, results, unacked, known, runs });
  const unheard = new Unheard({ stores, keys, results, known, malformed });
  const peek = new Peek(redis, keys, known);
  const acts = new Acts({ redis, store: stores[0], keys, control, peek });
  const hearing = new Hearing({ runs, names, malformed });
  const events = new Subscription(connect(url, "events", true), "events");
  const replies = connect(url, "replies", true);
  const servers = new Map(config.resultUrls.map((store) => [serverOf(store), store]));
  const published = [...servers.values()].map((store) => new Subscription(connect(store, "published-results", true), "results"));

  /** For whoever asked: what Redis refused or did not answer, as a sentence. */
  const orUnavailable = async <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((error: unknown) => {
      // A fault of ours must not pass for one of Redis'.
      throw error instanceof TypeError || error instanceof RangeError ? error : asAppError(redis, error);
    });

  /** Queues to look for a message in, the likeliest first. On a replica that does not lead nobody else looks which there are. */
  const likeliestFirst = async (queue: string | undefined): Promise<string[]> => {
    await names.lookUnlessSince(NAMES_MS * 2);
    return queue === undefined ? names.queues : [queue, ...names.queues.filter((other) => other !== queue)];
  };

  return {
    name: config.name,
    kind: "celery",
    displayUrl: displayUrl(url),
    abilities: {
      revokeQueued: true,
      terminateRunning: true,
      rerun: true,
      peekQueue: true,
      workerControl: true,
      results: stores.length > 0,
      progress: true,
    },

    /** Its parts take care of themselves: none of them ends before the signal, whatever happens to Redis. */
    async collect(sink, signal) {
      const onGap = (gap: Event): void => sink([gap]);
      const onStanding = (): void => {
        fleet.askForTasks();
        // All workers report at once when they are asked for a heartbeat; who does not hear it will beat soon anyway.
        control.tell({ method: "heartbeat", arguments: {} }, null).catch(() => undefined);
      };
      const onEvents = (_: string, message: Buffer, at: number): void => hearing.hear(message, at, sink);
      const onResult = (channel: string, value: Buffer, at: number): void => results.published(channel, value, at, sink);
      await Promise.all([
        events.run({ patterns: keys.eventPatterns, channels: keys.eventChannels, onMessage: onEvents, onGap, onStanding }, signal),
        ...published.map((subscription) =>
          subscription.run({ patterns: [keys.result.taskPattern], channels: [], onMessage: onResult, onGap }, signal),
        ),
        results.claim(sink, signal),
        control.receive(replies, signal),
      ]);
    },

    connection: () => events.state,

    async survey(sink, signal) {
      // Nothing may be concluded before it is known who could know.
      await names.look();
      sink(await fleet.look(Date.now()));
      await together(signal, [
        async (until) => every(NAMES_MS, until, async () => names.lookUnlessSince(NAMES_MS / 2)),
        async (until) => every(LOOK_MS, until, async () => sink(await fleet.look(Date.now()))),
        async (until) => every(LOOK_MS, until, async () => sink(await reconciler.look(Date.now()))),
        async (until) => every(LOOK_MS, until, async () => unheard.look(Date.now(), sink)),
      ]);
    },

    sample: (now) => sampler.take(now),
    async peekQueue(queue, options) {
      // Only queues are shown, not whatever lists lie in the database.
      if (!names.has(queue)) await orUnavailable(names.look());
      if (!names.has(queue)) return { messages: [], depth: 0, next: null, readAt: Date.now() };
      return orUnavailable(peek.queue(queue, options));
    },
    held: (limit) => orUnavailable(peek.held(limit)),
    async findMessage(task, queue, maxBytes) {
      const queues = await orUnavailable(likeliestFirst(queue));
      return (await orUnavailable(peek.find(task, queues, maxBytes))).found;
    },

    async inspectWorker(worker, timeoutMs): Promise<WorkerInspection> {
      const askedAt = Date.now();
      const ask = async (command: PidboxCommand): Promise<string | null> => {
        const answer = (await control.ask(command, { destination: [worker], timeoutMs })).get(worker);
        return answer === undefined ? null : JSON.stringify(answer.payload);
      };
      const [stats, active, reserved, scheduled, queues, registered, conf, revoked] = await orUnavailable(
        Promise.all([
          ask({ method: "stats", arguments: {} }),
          ask({ method: "active", arguments: {} }),
          ask({ method: "reserved", arguments: {} }),
          ask({ method: "scheduled", arguments: {} }),
          ask({ method: "active_queues", arguments: {} }),
          ask({ method: "registered", arguments: {} }),
          ask({ method: "conf", arguments: {} }),
          ask({ method: "revoked", arguments: {} }),
        ]),
      );
      const answered = [stats, active, reserved, scheduled, queues, registered, conf, revoked].some((answer) => answer !== null);
      return { answered, askedAt, tookMs: Date.now() - askedAt, stats, active, reserved, scheduled, queues, registered, conf, revoked };
    },

    async revoke(task, { terminate, signal, queue }) {
      const queues = await orUnavailable(likeliestFirst(queue));
      return orUnavailable(acts.revoke(task, { terminate, signal, queues }));
    },
    publish: (publication) => orUnavailable(acts.publish(publication)),

    async close() {
      await Promise.race([control.close().catch(() => undefined), delay(CLOSE_MS)]);
      for (const connection of connections) disconnect(connection);
    },
  };
}

/** Acts now and then every so many ms until the signal fires; rejects as soon as acting does. */
async function every(ms: number, signal: AbortSignal, act: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await act();
    await delay(ms, undefined, { signal }).catch(() => undefined);
  }
}

/** Runs loops side by side. When one fails the others end too, so that none goes on behind the back of whoever starts anew. */
async function together(signal: AbortSignal, loops: readonly ((signal: AbortSignal) => Promise<void>)[]): Promise<void> {
  const failed = new AbortController();
  const until = AbortSignal.any([signal, failed.signal]);
  const ends = await Promise.allSettled(
    loops.map(async (loop) =>
      loop(until).catch((error: unknown) => {
        failed.abort();
        throw error;
      }),
    ),
  );
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

/** Published results have no database number: one subscription hears all databases of a server. */
function serverOf(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return host === "" ? `${protocol}//${pathname}` : `${protocol}//${host}`;
}
