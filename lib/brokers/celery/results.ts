import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { TaskEvent } from "../../model/event.ts";
import { decodeResultMeta, type ResultMeta } from "../../wire/celery/result.ts";
import type { CeleryKeys } from "../../wire/celery/keys.ts";
import type { Known, Sink } from "../broker.ts";
import { fromResult } from "./from-result.ts";
import type { Malformed } from "./malformed.ts";
import type { Runs } from "./runs.ts";

const BATCH = 200;
/** Results of tasks that nobody knows wait this long for the task to be heard of, then their keys are looked for. */
const CLAIM_MS = 300;
const CLAIMS = 20_000;
/** A larger value is not decoded; that it is there is told all the same. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Results as they are published, and as they are stored. */
export class Results {
  readonly #stores: readonly Redis[];
  readonly #keys: CeleryKeys;
  readonly #runs: Runs;
  readonly #known: Pick<Known, "task">;
  readonly #malformed: Malformed;
  #unclaimed: { task: string; meta: ResultMeta; seenAt: number }[] = [];

  constructor(stores: readonly Redis[], keys: CeleryKeys, runs: Runs, known: Pick<Known, "task">, malformed: Malformed) {
    this.#stores = stores;
    this.#keys = keys;
    this.#runs = runs;
    this.#known = known;
    this.#malformed = malformed;
  }

  /** A result that was published. The channel has no database number: it may be of another application on the server. */
  published(channel: string, value: Buffer, seenAt: number, sink: Sink): void {
    const task = this.#keys.result.taskId(channel);
    if (task === null) return;
    const meta = this.#decode(task, value);
    if (meta === undefined) return;
    if (this.#known.task(task) !== undefined || this.#runs.heardOf(task)) {
      sink([fromResult(task, meta, seenAt, false, this.#runs)]);
    } else if (this.#unclaimed.length < CLAIMS) {
      this.#unclaimed.push({ task, meta, seenAt });
    } else {
      this.#malformed.report("results", "more results of unknown tasks than can be checked");
    }
  }

  /** Decides, until the signal fires, which of the results of unknown tasks are ours: those whose key is in our stores. */
  async claim(sink: Sink, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await delay(CLAIM_MS, undefined, { signal }).catch(() => undefined);
      const waiting = this.#unclaimed;
      this.#unclaimed = [];
      const ours = new Set<string>();
      const unknown = waiting.filter(({ task }) => {
        if (!this.#runs.heardOf(task)) return true;
        ours.add(task);
        return false;
      });
      for (const store of this.#stores) {
        for (let at = 0; at < unknown.length; at += BATCH) {
          const batch = unknown.slice(at, at + BATCH);
          const found = await store.pipeline(batch.map(({ task }) => ["exists", this.#keys.result.task(task)])).exec();
          for (const [i, { task }] of batch.entries()) if (found?.[i]?.[1] === 1) ours.add(task);
        }
      }
      const claimed = waiting.filter(({ task }) => ours.has(task));
      if (claimed.length > 0) sink(claimed.map(({ task, meta, seenAt }) => fromResult(task, meta, seenAt, false, this.#runs)));
    }
  }

  /** What is stored of these tasks now. */
  async lookUp(tasks: readonly string[]): Promise<Map<string, ResultMeta>> {
    const found = new Map<string, ResultMeta>();
    for (const store of this.#stores) {
      for (let at = 0; at < tasks.length; at += BATCH) {
        const batch = tasks.slice(at, at + BATCH);
        const values = await store.mgetBuffer(batch.map((task) => this.#keys.result.task(task)));
        for (const [i, task] of batch.entries()) {
          const value = values[i];
          const meta = value == null ? undefined : this.#decode(task, value);
          if (meta !== undefined && !found.has(task)) found.set(task, meta);
        }
      }
    }
    return found;
  }

  /** A looked-up result as an event. */
  told(task: string, meta: ResultMeta, now: number): TaskEvent {
    return fromResult(task, meta, now, true, this.#runs);
  }

  #decode(task: string, value: Buffer): ResultMeta | undefined {
    if (value.length > MAX_BYTES) {
      this.#malformed.report("result", `a result is larger than ${MAX_BYTES / 1024 / 1024} MB`, task);
      return undefined;
    }
    const meta = decodeResultMeta(value);
    if (meta.ok) return meta.value;
    this.#malformed.report("result", meta.reason, `${task}: ${value.subarray(0, 1000).toString("latin1")}`);
    return undefined;
  }
}
