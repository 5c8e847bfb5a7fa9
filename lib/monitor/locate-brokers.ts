import { databaseOf, discoverDatabase, withDatabase } from "../brokers/celery/discover.ts";
import type { BrokerConfig, Config } from "../config.ts";
import { asAppError, connectRedis } from "../redis.ts";

/**
 * The same brokers, each URL of theirs with its database and known to answer. Throws `unavailable` with a sentence for the first
 * Redis that does not, and `bad-input` when somebody must say which database is meant.
 */
export async function locateBrokers(config: Config): Promise<{ config: Config; sentences: string[] }> {
  const sentences: string[] = [];
  const brokers: BrokerConfig[] = [];
  for (const broker of config.brokers) brokers.push(await located(broker, sentences));
  await Promise.all([...new Set(brokers.flatMap(urlsOf))].map(requireAnswer));
  return { config: { ...config, brokers }, sentences };
}

async function located(broker: BrokerConfig, sentences: string[]): Promise<BrokerConfig> {
  const { brokerUrl, keyPrefix, name, store } = broker;
  if (databaseOf(brokerUrl) !== null) return broker;
  const { database, sentence } = await discoverDatabase(brokerUrl, keyPrefix);
  sentences.push(`${name}: ${sentence}`);
  // Results and store have the broker's own URL when nothing else was said of them.
  const complete = (url: string) => (url === brokerUrl ? withDatabase(url, database) : url);
  return {
    ...broker,
    brokerUrl: complete(brokerUrl),
    resultUrls: broker.resultUrls.map(complete),
    store: store.kind === "redis" ? { ...store, url: complete(store.url) } : store,
  };
}

function urlsOf({ brokerUrl, resultUrls, store }: BrokerConfig): string[] {
  return [brokerUrl, ...resultUrls, ...(store.kind === "redis" ? [store.url] : [])];
}

async function requireAnswer(url: string): Promise<void> {
  const redis = connectRedis(url, { name: "start" });
  try {
    await redis.ping();
    // A number that the server does not have: ioredis would go on with database 0.
    const database = databaseOf(url) ?? 0;
    if (database > 0) await redis.select(database);
  } catch (error) {
    throw asAppError(redis, error);
  } finally {
    redis.disconnect();
  }
}
