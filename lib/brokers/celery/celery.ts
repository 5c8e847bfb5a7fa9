import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { WorkerInspection } from "../../contract/worker.ts";
import type { BrokerConfig } from "../../config.ts";
import { connectRedis, displayUrl } from "../../redis.ts";
import { clampAt, type Event } from "../../model/event.ts";
import { decodeEvents } from "../../wire/celery/event.ts";
import { celeryKeys } from "../../wire/celery/keys.ts";
import type { PidboxCommand } from "../../wire/celery/pidbox-command.ts";
import type { Broker, Known, Sink } from "../broker.ts";
import { Acts } from "./act.ts";
import { Control } from "./control.ts";
import { databaseOf } from "./discover.ts";
import { Fleet } from "./fleet.ts";
import { fromEvent } from "./from-event.ts";
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

const SURVEY_MS = 1_000;
const NAMES_MS = 30_000;

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
  const control = new Control(redis, keys);
  const results = new Results(stores, keys, runs, known, malformed);
  const unacked = new Unacked(redis, keys, runs, known, malformed);
  const reader = new QueueReader(redis, keys, runs, known, malformed);
  const sampler = new Sampler({ redis, keys, names, reader, unacked, malformed });
  const fleet = new Fleet({ control, names, known, runs, enableEvents: config.enableEvents });
  const reconciler = new Reconciler({ redis, keys, control, names, results, unacked, known, runs });
  const peek = new Peek(redis, keys, known);
  const acts = new Acts({ redis, results: stores[0], keys, control, peek });
  const events = new Subscription(connect(url, "events", true), "events");
  const replies = connect(url, "replies", true);
  const servers = new Map(config.resultUrls.map((store) => [serverOf(store), store]));
  const published = [...servers.values()].map((store) => new Subscription(connect(store, "published-results", true), "results"));

  function hear(message: Buffer, sink: Sink): void {
    const seenAt = Date.now();
    const batch = decodeEvents(message.toString());
    if (!batch.ok) {
      malformed.report("events", batch.reason, message.toString());
      return;
    }
    for (const problem of batch.value.problems) malformed.report("events", problem, message.toString());
    const heard: Event[] = [];
    for (const one of batch.value.events) {
      if (clampAt(one.at, seenAt) === seenAt && one.at !== seenAt)
        malformed.report("events", `a timestamp is out of bounds`, String(one.at));
      if (one.type === "task-sent" && one.queue !== null) names.add(one.queue);
      const event = fromEvent(one, seenAt, runs);
      if (event !== undefined) heard.push(event);
    }
    if (heard.length > 0) sink(heard);
  }

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

    async collect(sink, signal) {
      const onGap = (gap: Event): void => sink([gap]);
      // All workers report at once when they are asked for a heartbeat; who does not hear it will beat soon anyway.
      const onStanding = (): void => void control.tell({ method: "heartbeat", arguments: {} }, null).catch(() => undefined);
      const onEvents = (_: string, message: Buffer): void => hear(message, sink);
      const onResult = (channel: string, value: Buffer): void => results.published(channel, value, Date.now(), sink);
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
      let namesAt = 0;
      while (!signal.aborted) {
        const now = Date.now();
        if (now - namesAt >= NAMES_MS) {
          namesAt = now;
          await names.look();
        }
        sink(await fleet.look(now));
        sink(await reconciler.look(Date.now()));
        await delay(SURVEY_MS, undefined, { signal }).catch(() => undefined);
      }
    },

    sample: (now) => sampler.take(now),
    peekQueue: (queue, options) => peek.queue(queue, options),
    held: (limit) => peek.held(limit),
    findMessage: (task, queue, maxBytes) => peek.find(task, likeliestFirst(queue, names.queues), maxBytes),

    async inspectWorker(worker, timeoutMs): Promise<WorkerInspection> {
      const askedAt = Date.now();
      const ask = async (command: PidboxCommand): Promise<string | null> => {
        const answer = (await control.ask(command, { destination: [worker], timeoutMs })).get(worker);
        return answer === undefined ? null : JSON.stringify(answer);
      };
      const [stats, active, reserved, scheduled, queues, registered, conf, revoked] = await Promise.all([
        ask({ method: "stats", arguments: {} }),
        ask({ method: "active", arguments: {} }),
        ask({ method: "reserved", arguments: {} }),
        ask({ method: "scheduled", arguments: {} }),
        ask({ method: "active_queues", arguments: {} }),
        ask({ method: "registered", arguments: {} }),
        ask({ method: "conf", arguments: {} }),
        ask({ method: "revoked", arguments: {} }),
      ]);
      const answered = stats !== null || active !== null || queues !== null;
      return { answered, askedAt, tookMs: Date.now() - askedAt, stats, active, reserved, scheduled, queues, registered, conf, revoked };
    },

    revoke: (task, { terminate, signal, queue }) => acts.revoke(task, { terminate, signal, queues: likeliestFirst(queue, names.queues) }),
    publish: (publication) => acts.publish(publication),

    async close() {
      for (const connection of connections) connection.disconnect();
      await Promise.resolve();
    },
  };
}

function likeliestFirst(queue: string | undefined, queues: readonly string[]): string[] {
  return queue === undefined ? [...queues] : [queue, ...queues.filter((other) => other !== queue)];
}

/** The database that a URL names; 0 when it names none. */
/** Published results have no database number: one subscription hears all databases of a server. */
function serverOf(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}
