import type { Redis } from "ioredis";
import { AppError } from "../../errors.ts";
import { asAppError, connectRedis, displayUrl, isReplyError } from "../../redis.ts";
import { parseBinding } from "../../wire/celery/binding.ts";
import { decodeEnvelope } from "../../wire/celery/envelope.ts";
import { type CeleryKeys, celeryKeys } from "../../wire/celery/keys.ts";

/** Keys looked at in one database. A broker shows in its binding tables at once; this much is for one that lost them. */
const SCAN_STEPS = 100;
const SCAN_COUNT = 1_000;

/** What Celery itself takes when a URL names none. */
const DEFAULT_DATABASE = 0;

/** The database that a URL names, or null when it names none. */
export function databaseOf(url: string): number | null {
  const { protocol, pathname, searchParams } = new URL(url);
  const isSocket = protocol === "unix:" || protocol === "redis+socket:";
  const named = (isSocket ? (searchParams.get("virtual_host") ?? "") : pathname).replace(/^\/+/, "") || (searchParams.get("db") ?? "");
  return /^\d+$/.test(named) ? Number(named) : null;
}

export function withDatabase(url: string, database: number): string {
  const changed = new URL(url);
  if (changed.protocol === "unix:" || changed.protocol === "redis+socket:") changed.searchParams.set("virtual_host", String(database));
  else changed.pathname = `/${database}`;
  return changed.href;
}

export interface Discovery {
  database: number;
  /** What was found and what follows from it. */
  sentence: string;
}

/**
 * The database of a server in which a Celery application has its broker. Throws `bad-input` when several have one, `unavailable`
 * when Redis does not answer. Reads at most some 100,000 keys of each database and writes nothing.
 */
export async function discoverDatabase(url: string, keyPrefix: string): Promise<Discovery> {
  const place = displayUrl(url);
  const databases = await databasesOf(url);
  if (databases === null) {
    return {
      database: DEFAULT_DATABASE,
      sentence: `${place} does not tell which databases it has, so database ${DEFAULT_DATABASE} is watched.`,
    };
  }
  const found: { database: number; queues: string[] }[] = [];
  for (const database of databases) {
    const queues = await brokerIn(withDatabase(url, database), keyPrefix);
    if (queues !== null) found.push({ database, queues });
  }
  const [only] = found;
  if (only === undefined) {
    const looked = databases.length === 0 ? "it is empty" : `not in ${listed(databases.map(String))} either`;
    return {
      database: DEFAULT_DATABASE,
      sentence: `No Celery broker is at ${place} yet (${looked}), so database ${DEFAULT_DATABASE} is watched.`,
    };
  }
  if (found.length > 1) {
    const each = found.map(({ database, queues }) => `${database} (${queuesOf(queues)})`);
    throw new AppError(
      "bad-input",
      `Several databases of ${place} hold a Celery broker: ${listed(each)}. Put the number of one behind the URL`,
    );
  }
  return {
    database: only.database,
    sentence: `Database ${only.database} of ${place} holds a Celery broker (${queuesOf(only.queues)}), so it is watched.`,
  };
}

/** Those that hold keys; null when we may not ask. */
async function databasesOf(url: string): Promise<number[] | null> {
  return asking(url, async (redis) => {
    try {
      const keyspace = await redis.info("keyspace");
      return [...keyspace.matchAll(/^db(\d+):/gm)].map(([, number]) => Number(number)).sort((a, b) => a - b);
    } catch (error) {
      if (isReplyError(error, "NOPERM") || isReplyError(error, "ERR")) return null;
      throw error;
    }
  });
}

/** Names of the queues if the database holds a broker, else null. */
async function brokerIn(url: string, keyPrefix: string): Promise<string[] | null> {
  const keys = celeryKeys({ globalKeyprefix: keyPrefix });
  return asking(url, async (redis) => {
    const signs = [keys.bindings(keys.controlExchange), keys.bindings(keys.options.eventExchange), keys.unacked, keys.unackedIndex];
    let isBroker = (await redis.exists(...signs)) > 0;
    const queues = new Set<string>();
    let cursor = "0";
    for (let step = 0; step < SCAN_STEPS; step++) {
      const [next, names] = await redis.scan(cursor, "COUNT", SCAN_COUNT);
      const types = await redis.pipeline(names.map((name) => ["type", name])).exec();
      for (const [i, name] of names.entries()) {
        const found = await queuesBehind(redis, keys, name, types?.[i]?.[1]);
        isBroker ||= found !== null;
        for (const queue of found ?? []) queues.add(queue);
      }
      cursor = next;
      if (cursor === "0") break;
    }
    return isBroker ? [...queues].sort() : null;
  });
}

/** The task queues that a binding table or a list of messages tells of; null when the key is neither. */
async function queuesBehind(redis: Redis, keys: CeleryKeys, key: string, type: unknown): Promise<string[] | null> {
  const exchange = keys.parseBindings(key);
  if (exchange !== null && type === "set") {
    const isOfTasks = exchange !== keys.controlExchange && exchange !== keys.options.eventExchange && !keys.isReplyQueue(`.${exchange}`);
    const members = isOfTasks ? await redis.smembers(key) : [];
    return members.map((member) => parseBinding(member, keys.options.sep)).flatMap((binding) => (binding.ok ? [binding.value.queue] : []));
  }
  const list = keys.parseQueueList(key);
  if (list === null || type !== "list" || keys.isReplyQueue(list.queue)) return null;
  const message = decodeEnvelope((await redis.lindex(key, -1)) ?? "");
  return message.ok && message.value.properties !== null ? [list.queue] : null;
}

async function asking<T>(url: string, ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = connectRedis(url, { name: "discover" });
  try {
    return await ask(redis);
  } catch (error) {
    throw asAppError(redis, error);
  } finally {
    redis.disconnect();
  }
}

function queuesOf(queues: readonly string[]): string {
  return queues.length === 0 ? "no queue yet" : `${queues.length === 1 ? "queue" : "queues"} ${listed(queues.slice(0, 5))}`;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
