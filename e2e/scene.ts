import { Redis } from "ioredis";
import { type Fleet, type FleetWorker, startFleet } from "../lib/testing/fleet.ts";
import { type RedisServer, withRedis } from "../lib/testing/redis-server.ts";
import { type Perennial, startPerennial } from "./perennial.ts";

/** What a journey happens in: a Redis, Celery workers and producers on it, and a Perennial that watches them. */
export interface Scene {
  redis: RedisServer;
  fleet: Fleet;
  perennial: Perennial;
  /** Asks the broker's database. */
  client: Redis;
  end(): Promise<void>;
}

/** Resolves when the workers take tasks. `conf` are Celery settings. */
export async function startScene(workers: FleetWorker[], conf: Record<string, unknown> = {}): Promise<Scene> {
  await using begun = new AsyncDisposableStack();
  const redis = begun.use(await withRedis());
  const perennial = await startPerennial("--name", "shop", "--broker", `${redis.url}/0`, "--results", `${redis.url}/1`);
  begun.defer(() => perennial.stop());
  const fleet = begun.use(await startFleet({ redisUrl: redis.url, venv: "celery-5.7", workers, conf }));
  const client = new Redis(`${redis.url}/0`);
  client.on("error", () => undefined); // a journey may take Redis away
  begun.defer(() => client.disconnect());
  const all = begun.move();
  return { redis, fleet, perennial, client, end: () => all.disposeAsync() };
}
