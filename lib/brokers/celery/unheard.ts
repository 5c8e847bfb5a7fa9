import type { Redis } from "ioredis";
import { isReplyError } from "../../redis.ts";
import type { CeleryKeys } from "../../wire/celery/keys.ts";
import type { Known, Sink } from "../broker.ts";
import { boundedId } from "./bounded.ts";
import type { Malformed } from "./malformed.ts";
import { replies } from "./read.ts";
import type { Results } from "./results.ts";

/** Of one look: 20,000 keys, which cost Redis some ten milliseconds. */
const SCAN_STEPS = 20;
const SCAN_COUNT = 1_000;
/** Results read for one gap; of a longer one the rest is not looked for, and said so. */
const MOST_RESULTS = 50_000;
/** Whoever led when an older gap was told has looked into it. */
const RECENT_MS = 900_000;
/** Clocks of workers may differ from ours by this, and Redis rounds how long a key was idle. */
const SLACK_MS = 10_000;

interface Walk {
  /** Results that are older tell nothing of the gap. */
  since: number;
  store: number;
  cursor: string;
  read: number;
}

/**
 * Finds the tasks that came and went while nobody listened: nothing is left of them but their stored results. After each
 * gap one walk over the result databases.
 */
export class Unheard {
  readonly #stores: readonly Redis[];
  readonly #keys: CeleryKeys;
  readonly #results: Results;
  readonly #known: Pick<Known, "task" | "gaps">;
  readonly #malformed: Malformed;
  /** Gaps that were looked into. */
  readonly #seen = new Set<string>();
  #walk: Walk | undefined;

  constructor(parts: {
    stores: readonly Redis[];
    keys: CeleryKeys;
    results: Results;
    known: Pick<Known, "task" | "gaps">;
    malformed: Malformed;
  }) {
    this.#stores = parts.stores;
    this.#keys = parts.keys;
    this.#results = parts.results;
    this.#known = parts.known;
    this.#malformed = parts.malformed;
  }

  /** Walks on, if there was a gap. Called about once a second; what rejects is walked again. */
  async look(now: number, sink: Sink): Promise<void> {
    const walk = (this.#walk ??= this.#begin(now));
    if (walk === undefined) return;
    for (let step = 0; step < SCAN_STEPS; step++) {
      const store = this.#stores[walk.store];
      if (store === undefined || walk.read >= MOST_RESULTS) {
        if (store !== undefined) this.#malformed.report("results", "more came while nobody listened than are looked for");
        this.#walk = undefined;
        return;
      }
      const [cursor, keys] = await store.scan(walk.cursor, "MATCH", this.#keys.result.taskPattern, "COUNT", SCAN_COUNT);
      await this.#tell(store, keys, walk, sink);
      walk.cursor = cursor;
      if (cursor === "0") walk.store += 1;
    }
  }

  #begin(now: number): Walk | undefined {
    let since = Infinity;
    for (const { fromAt, at } of this.#known.gaps()) {
      const gap = `${fromAt} ${at}`;
      if (this.#seen.has(gap)) continue;
      this.#seen.add(gap);
      if (at >= now - RECENT_MS) since = Math.min(since, fromAt - SLACK_MS);
    }
    return since === Infinity ? undefined : { since, store: 0, cursor: "0", read: 0 };
  }

  async #tell(store: Redis, keys: readonly string[], walk: Walk, sink: Sink): Promise<void> {
    const unknown = new Map<string, string>();
    for (const key of keys) {
      const task = boundedId(this.#keys.result.taskId(key));
      if (task !== undefined && this.#known.task(task) === undefined) unknown.set(task, key);
    }
    const now = Date.now();
    const idle = await idleMs(store, [...unknown.values()]);
    const tasks = [...unknown.keys()].filter((_, i) => now - (idle[i] ?? 0) >= walk.since).slice(0, MOST_RESULTS - walk.read);
    walk.read += tasks.length;
    const metas = await this.#results.lookUp(tasks);
    const told = [...metas].filter(([, { doneAt }]) => doneAt === null || doneAt >= walk.since);
    if (told.length > 0) sink(told.map(([task, meta]) => this.#results.told(task, meta, now)));
  }
}

/** For how long nobody has touched each key: it is as old at least. None where Redis does not count that. */
async function idleMs(redis: Redis, keys: readonly string[]): Promise<number[]> {
  try {
    const seconds = await replies(
      redis,
      keys.map((key) => ["object", "idletime", key]),
    );
    return seconds.map((one) => (typeof one === "number" ? one * 1000 : 0));
  } catch (error) {
    if (isReplyError(error, "ERR|NOPERM")) return [];
    throw error;
  }
}
