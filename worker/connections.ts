import type { Redis } from "ioredis";
import { connectRedis, disconnect } from "../lib/redis.ts";

/** The connections of one application, opened when they are first needed. */
export class Connections {
  readonly #brokerUrl: string;
  readonly #backendUrl: string;
  readonly #open = new Map<string, Redis>();

  constructor(brokerUrl: string, backendUrl: string) {
    this.#brokerUrl = brokerUrl;
    this.#backendUrl = backendUrl;
  }

  /** For commands on the broker's database. */
  get broker(): Redis {
    return this.#kept("broker", () => connectRedis(this.#brokerUrl, { name: "worker" }));
  }

  /** For commands on the database of the results. */
  get backend(): Redis {
    return this.#kept("backend", () => connectRedis(this.#backendUrl, { name: "worker-results" }));
  }

  /** For the channels of results. */
  get results(): Redis {
    return this.#kept("results", () => connectRedis(this.#backendUrl, { name: "worker-results-live", blocking: true }));
  }

  /** Another one to the broker, for commands that wait and for subscriptions. Whoever asks ends it. */
  brokerListener(name: string): Redis {
    return connectRedis(this.#brokerUrl, { name, blocking: true });
  }

  close(): void {
    for (const redis of this.#open.values()) disconnect(redis);
    this.#open.clear();
  }

  #kept(name: string, open: () => Redis): Redis {
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const redis = open();
    this.#open.set(name, redis);
    return redis;
  }
}
