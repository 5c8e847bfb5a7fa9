import type { Celery } from "../celery.ts";
import { EventPublisher } from "../events/event-publisher.ts";
import type { Execute } from "../pool/pool.ts";
import { ResultStore } from "../results/result-store.ts";
import { contextActs } from "./context-acts.ts";
import { executor } from "./execute.ts";

/**
 * What runs an application's tasks in this process, with the application's own connections: in the worker itself, or in a process of
 * its pool, which has loaded the application's module again.
 *
 * @param hostname name of the node that the tasks run on
 */
export function applicationExecutor(app: Celery, hostname: string): Execute {
  const { keys, log, resultExpiresMs, resultExtended } = app.settings;
  const redis = () => app.connections.backend;
  const results = new ResultStore({ redis, keys, expiresMs: resultExpiresMs, extended: resultExtended, hostname, log });
  const events = new EventPublisher({ hostname, redis: () => app.connections.broker, keys, clock: app.clock, log });
  return executor(app.tasks, hostname, contextActs({ results, events, send: app.sendContext, log }));
}
