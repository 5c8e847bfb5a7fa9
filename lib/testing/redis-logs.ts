import { Redis } from "ioredis";
import { afterAll, afterEach, expect } from "vitest";
import type { Log } from "../log/log.ts";
import { openLog } from "../log/open.ts";
import { type RedisServer, withRedis } from "./redis-server.ts";

export interface RedisLogs {
  server: RedisServer;
  /** To look and to break things. */
  redis: Redis;
  freshName: () => string;
  /** A replica of a broker's log; closed after the test. */
  open: (broker: string, url?: string) => Promise<Log>;
  /** One that holds the lease. */
  leading: (broker: string, url?: string) => Promise<Log>;
  LEASE_MS: number;
}

/** A server for the logs of one test file: called at its top, ended after its last test. */
export async function redisLogs(): Promise<RedisLogs> {
  const LEASE_MS = 30_000;
  const server = await withRedis();
  const redis = new Redis(server.url);
  let opened: Log[] = [];
  let names = 0;
  afterEach(async () => {
    await Promise.all(opened.map(async (log) => log.close()));
    opened = [];
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });
  const open = async (broker: string, url = server.url): Promise<Log> => {
    const log = await openLog({ broker, store: { kind: "redis", url } });
    opened.push(log);
    return log;
  };
  return {
    server,
    redis,
    LEASE_MS,
    freshName: () => `test${++names}`,
    open,
    async leading(broker, url) {
      const log = await open(broker, url);
      expect(await log.lead(LEASE_MS)).toBe(true);
      return log;
    },
  };
}
