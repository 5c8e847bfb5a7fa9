import type { Redis } from "ioredis";
import { isReady } from "../../lib/wire/celery/encode-result.ts";
import type { CeleryKeys } from "../../lib/wire/celery/keys.ts";
import { type ResultMeta, decodeResultMeta } from "../../lib/wire/celery/result.ts";
import type { Log } from "../log.ts";
import { persevere } from "../persevere.ts";

/** After a lost connection nobody says what was published meanwhile, so results are looked up from time to time. */
const LOOK_MS = 5_000;

/** Waits for results on the channels that have the names of their keys. */
export class ResultListener {
  readonly #subscriber: () => Redis;
  readonly #redis: () => Redis;
  readonly #keys: CeleryKeys;
  readonly #log: Log;
  readonly #waiting = new Map<string, Set<(meta: ResultMeta) => void>>();
  #listens = false;

  constructor(options: { subscriber: () => Redis; redis: () => Redis; keys: CeleryKeys; log: Log }) {
    this.#subscriber = options.subscriber;
    this.#redis = options.redis;
    this.#keys = options.keys;
    this.#log = options.log;
  }

  /** Resolves with the final meta; rejects with the signal's reason. */
  async wait(taskId: string, signal: AbortSignal): Promise<ResultMeta> {
    const channel = this.#keys.result.task(taskId);
    const { promise, resolve, reject } = Promise.withResolvers<ResultMeta>();
    const give = (meta: ResultMeta) => (isReady(meta.status) ? resolve(meta) : undefined);
    const stop = () => reject(signal.reason);
    promise.catch(() => {}); // it may be rejected before anybody waits for it
    signal.throwIfAborted();
    signal.addEventListener("abort", stop, { once: true });
    const look = setInterval(() => void this.#look(channel, give).catch(() => {}), LOOK_MS);
    try {
      await this.#subscribe(channel, give, signal);
      await persevere(() => this.#look(channel, give), this.#log, signal);
      return await promise;
    } finally {
      clearInterval(look);
      signal.removeEventListener("abort", stop);
      this.#unsubscribe(channel, give);
    }
  }

  async #look(channel: string, give: (meta: ResultMeta) => void): Promise<void> {
    const bytes = await this.#redis().getBuffer(channel);
    const meta = bytes === null ? null : decodeResultMeta(bytes);
    if (meta?.ok === true) give(meta.value);
  }

  async #subscribe(channel: string, give: (meta: ResultMeta) => void, signal: AbortSignal): Promise<void> {
    const subscriber = this.#subscriber();
    if (!this.#listens) {
      this.#listens = true;
      subscriber.on("messageBuffer", (name: Buffer, bytes: Buffer) => this.#published(name.toString(), bytes));
      subscriber.on("ready", () => {
        // This fails only with the connection, which will be ready again.
        if (this.#waiting.size > 0) subscriber.subscribe(...this.#waiting.keys()).catch(() => {});
      });
    }
    const waiting = this.#waiting.get(channel) ?? new Set();
    this.#waiting.set(channel, waiting.add(give));
    await persevere(() => subscriber.subscribe(channel), this.#log, signal);
  }

  #unsubscribe(channel: string, give: (meta: ResultMeta) => void): void {
    const waiting = this.#waiting.get(channel);
    waiting?.delete(give);
    if (waiting === undefined || waiting.size > 0) return;
    this.#waiting.delete(channel);
    this.#subscriber()
      .unsubscribe(channel)
      .catch(() => {}); // a connection that is lost hears nothing anyway
  }

  #published(channel: string, bytes: Buffer): void {
    const waiting = this.#waiting.get(channel);
    const meta = waiting === undefined ? null : decodeResultMeta(bytes);
    if (meta?.ok === true) for (const give of waiting ?? []) give(meta.value);
  }
}
