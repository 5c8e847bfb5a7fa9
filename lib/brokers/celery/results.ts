import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { TaskEvent } from "../../model/event.ts";
import type { CeleryKeys } from "../../wire/celery/keys.ts";
import { decodeResultMeta, type ResultMeta, readResultMeta } from "../../wire/celery/result.ts";
import { dict, type Value } from "../../wire/python/value.ts";
import type { Known, Sink } from "../broker.ts";
import { boundedId } from "./bounded.ts";
import { fromResult } from "./from-result.ts";
import type { Malformed } from "./malformed.ts";
import { batches, replies, WRONG_TYPE } from "./read.ts";
import type { Runs } from "./runs.ts";

/** Results of tasks that nobody knows wait this long for the task to be heard of, then their keys are looked for. */
const CLAIM_MS = 300;
const CLAIMS = 20_000;
const CLAIM_BYTES = 64 * 1024 * 1024;
/** A larger value is not decoded: of it, only the state is told. */
const LONGEST = 16 * 1024 * 1024;
/** So much of each value is read at first, and the rest of the few that are longer one by one. */
const BEGINNING = 64 * 1024;
const BATCH = 200;

interface Unclaimed {
  task: string;
  value: Buffer;
  seenAt: number;
}

/** Results as they are published, and as they are stored. */
export class Results {
  readonly #stores: readonly Redis[];
  readonly #keys: CeleryKeys;
  readonly #runs: Runs;
  readonly #known: Pick<Known, "task">;
  readonly #malformed: Malformed;
  #unclaimed: Unclaimed[] = [];
  #unclaimedBytes = 0;

  constructor(stores: readonly Redis[], keys: CeleryKeys, runs: Runs, known: Pick<Known, "task">, malformed: Malformed) {
    this.#stores = stores;
    this.#keys = keys;
    this.#runs = runs;
    this.#known = known;
    this.#malformed = malformed;
  }

  /** A result that was published. The channel has no database number: it may be of another application on the server. */
  published(channel: string, value: Buffer, seenAt: number, sink: Sink): void {
    const task = boundedId(this.#keys.result.taskId(channel));
    if (task === undefined) return;
    if (this.#runs.knows(task) || this.#known.task(task) !== undefined) {
      this.#tell([{ task, value, seenAt }], sink);
    } else if (this.#unclaimed.length < CLAIMS && this.#unclaimedBytes + value.length < CLAIM_BYTES) {
      // A copy, because the value is a part of what the connection has read.
      this.#unclaimed.push({ task, value: Buffer.from(value), seenAt });
      this.#unclaimedBytes += value.length;
    } else {
      this.#malformed.report("results", "more results of unknown tasks came than could be checked");
    }
  }

  /** Decides, until the signal fires, which of the results of unknown tasks are ours: those whose key is in our stores. */
  async claim(sink: Sink, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await delay(CLAIM_MS, undefined, { signal }).catch(() => undefined);
      // A copy: what comes while the stores are asked is for the next turn.
      const waiting = [...this.#unclaimed];
      if (waiting.length === 0) continue;
      try {
        const unknown = waiting.filter(({ task }) => !this.#runs.knows(task));
        const stored = await this.#stored(unknown.map(({ task }) => task));
        this.#unclaimed = this.#unclaimed.slice(waiting.length);
        this.#unclaimedBytes = this.#unclaimed.reduce((sum, { value }) => sum + value.length, 0);
        this.#tell(
          waiting.filter(({ task }) => stored.has(task) || this.#runs.knows(task)),
          sink,
        );
      } catch {
        // The stores are away. What waits stays, and what comes is bounded.
      }
    }
  }

  /** What is stored of these tasks now. Rejects when not all of the stores answered. */
  async lookUp(tasks: readonly string[]): Promise<Map<string, ResultMeta>> {
    const found = new Map<string, ResultMeta>();
    for (const store of this.#stores) {
      for (const batch of batches(tasks, BATCH)) {
        const values = await this.#read(store, batch);
        for (const [i, task] of batch.entries()) {
          const value = values[i];
          const meta = value === undefined || found.has(task) ? undefined : this.#decode(task, value);
          if (meta !== undefined) found.set(task, meta);
        }
      }
    }
    return found;
  }

  /** A looked-up result as an event. */
  told(task: string, meta: ResultMeta, now: number): TaskEvent {
    return fromResult(task, meta, now, true, this.#runs);
  }

  #tell(published: readonly Unclaimed[], sink: Sink): void {
    const events = published.flatMap(({ task, value, seenAt }) => {
      const meta = this.#decode(task, value);
      return meta === undefined ? [] : [fromResult(task, meta, seenAt, false, this.#runs)];
    });
    if (events.length > 0) sink(events);
  }

  async #stored(tasks: readonly string[]): Promise<Set<string>> {
    const stored = new Set<string>();
    for (const store of this.#stores) {
      const found = await replies(
        store,
        tasks.map((task) => ["exists", this.#keys.result.task(task)]),
      );
      for (const [i, task] of tasks.entries()) if (found[i] === 1) stored.add(task);
    }
    return stored;
  }

  /** The stored values, those too long to be decoded only in their beginning. */
  async #read(store: Redis, tasks: readonly string[]): Promise<(Buffer | undefined)[]> {
    const keys = tasks.map((task) => this.#keys.result.task(task));
    const beginnings = await replies(
      store,
      keys.map((key) => ["getrangeBuffer", key, 0, BEGINNING - 1]),
    );
    const values: (Buffer | undefined)[] = [];
    for (const [i, key] of keys.entries()) {
      const beginning = beginnings[i];
      if (beginning === WRONG_TYPE) this.#malformed.report("result", `${key} is no string`);
      const value = Buffer.isBuffer(beginning) && beginning.length > 0 ? beginning : undefined;
      values.push(value?.length === BEGINNING ? await store.getrangeBuffer(key, 0, LONGEST) : value);
    }
    return values;
  }

  #decode(task: string, value: Buffer): ResultMeta | undefined {
    if (value.length > LONGEST) {
      this.#malformed.report("result", `a result is larger than ${LONGEST / 1024 / 1024} MB, so only its state is shown`, task);
      return stateAlone(value);
    }
    const meta = decodeResultMeta(value);
    if (meta.ok) return meta.value;
    this.#malformed.report("result", meta.reason, `${task}: ${value.subarray(0, 1000).toString("latin1")}`);
    return undefined;
  }
}

/** Python writes the state first. */
function stateAlone(value: Buffer): ResultMeta | undefined {
  const [, status] = /^\{"status": ?"([^"\\]{1,100})"/.exec(value.subarray(0, 200).toString("latin1")) ?? [];
  if (status === undefined) return undefined;
  const result: Value = { $: "cut", reason: "too large to be read" };
  const meta = readResultMeta(
    dict([
      ["status", status],
      ["result", result],
      ["children", []],
    ]),
  );
  return meta.ok ? meta.value : undefined;
}
