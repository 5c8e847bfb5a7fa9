import { asyncPool } from "./async-pool.ts";
import type { PoolFactory } from "./pool.ts";

/** What the command line knows when it makes a pool. */
export interface PoolChoice {
  /** Path of the module that defines the application. */
  module: string;
}

/** The pools by their names on the command line. Names of Celery's that mean the same here stand for them. */
export const POOLS: Readonly<Record<string, (choice: PoolChoice) => PoolFactory>> = {
  async: () => asyncPool,
  gevent: () => asyncPool,
  eventlet: () => asyncPool,
  threads: () => asyncPool,
};
