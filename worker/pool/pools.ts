import { asyncPool } from "./async-pool.ts";
import type { PoolFactory } from "./pool.ts";
import { type ProcessPoolSettings, processPool } from "./process-pool.ts";

/** The pools by their names on the command line. Names of Celery's that mean the same here stand for them. */
export const POOLS: Readonly<Record<string, (settings: ProcessPoolSettings) => PoolFactory>> = {
  async: () => asyncPool,
  process: processPool,
  prefork: processPool,
  gevent: () => asyncPool,
  eventlet: () => asyncPool,
  threads: () => asyncPool,
};
