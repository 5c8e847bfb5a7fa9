import type { Redis } from "ioredis";
import type { LogEvent } from "../../model/event.ts";
import { asAppError } from "../../redis.ts";

const RETRY_MS = 500;
/** A connection on which nothing was heard for this long is asked whether it still lives, */
const QUIET_MS = 2_000;
/** and one that does not answer in this time counts as down until it does. It is kept, and nothing is lost: what Redis holds back for us comes. */
const ANSWER_MS = 3_000;

export interface Listener {
  /** Globs, and exact names. */
  patterns: readonly string[];
  channels: readonly string[];
  /** The bytes as published, and when they came, by our clock. */
  onMessage: (channel: string, message: Buffer, at: number) => void;
  /** It stands again after its connection broke: what was published meanwhile is lost. */
  onGap: (gap: LogEvent) => void;
  onStanding?: () => void;
}

/** A pub/sub subscription on a connection of its own that is kept up until the signal fires, whatever happens to Redis. */
export class Subscription {
  readonly #redis: Redis;
  readonly #what: string;
  #connected = false;
  #since = Date.now();
  #problem: string | null = null;
  #heardAt = 0;
  /** When anything was last heard before the connection broke. */
  #deafFrom: number | undefined;

  constructor(redis: Redis, what: string) {
    this.#redis = redis;
    this.#what = what;
  }

  get state(): { connected: boolean; since: number; problem: string | null } {
    return { connected: this.#connected, since: this.#since, problem: this.#problem };
  }

  async run(listener: Listener, signal: AbortSignal): Promise<void> {
    const redis = this.#redis;
    let subscribed = false;
    let wake: () => void = () => undefined;
    const hear = (channel: Buffer, message: Buffer): void => {
      this.#heardAt = Date.now();
      listener.onMessage(channel.toString(), message, this.#heardAt);
    };
    const hearPattern = (_pattern: Buffer, channel: Buffer, message: Buffer): void => hear(channel, message);
    const onClose = (): void => {
      subscribed = false;
      this.#falls(`the subscription to ${this.#what} is down`);
      if (this.#heardAt > 0) this.#deafFrom ??= this.#heardAt;
      wake();
    };
    redis.on("pmessageBuffer", hearPattern).on("messageBuffer", hear).on("close", onClose);
    try {
      while (!signal.aborted) {
        try {
          if (!subscribed) await this.#subscribe(listener, signal);
          else if (Date.now() - this.#heardAt >= QUIET_MS) await this.#ping(signal);
          if (signal.aborted) return;
          subscribed = true;
          this.#stands(listener);
        } catch (error) {
          subscribed = false;
          this.#falls("");
          this.#problem = asAppError(redis, error).message;
        }
        await new Promise<void>((resolve) => {
          const timer = setTimeout(() => wake(), subscribed ? QUIET_MS : RETRY_MS);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          signal.addEventListener("abort", wake, { once: true });
        });
        signal.removeEventListener("abort", wake);
      }
    } finally {
      redis.off("pmessageBuffer", hearPattern).off("messageBuffer", hear).off("close", onClose);
    }
  }

  async #subscribe({ patterns, channels }: Listener, signal: AbortSignal): Promise<void> {
    if (patterns.length > 0) await orAborted(this.#redis.psubscribe(...patterns), signal);
    if (channels.length > 0) await orAborted(this.#redis.subscribe(...channels), signal);
  }

  async #ping(signal: AbortSignal): Promise<void> {
    const timer = setTimeout(() => this.#falls("Redis does not answer"), ANSWER_MS);
    try {
      await orAborted(this.#redis.ping(), signal);
      this.#heardAt = Date.now();
    } finally {
      clearTimeout(timer);
    }
  }

  #stands(listener: Listener): void {
    if (this.#connected) return;
    const now = Date.now();
    this.#connected = true;
    this.#since = now;
    this.#heardAt = now;
    this.#problem = null;
    if (this.#deafFrom !== undefined) {
      const details = JSON.stringify({ where: this.#what, reason: `the subscription to ${this.#what} was down` });
      listener.onGap({ type: "log.gap", at: now, seenAt: now, source: "leader", fromAt: this.#deafFrom, details });
      this.#deafFrom = undefined;
    }
    listener.onStanding?.();
  }

  #falls(problem: string): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#since = Date.now();
    this.#problem = problem;
  }
}

/** Does not wait for an answer beyond the signal. */
export async function orAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return undefined;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const abort = (): void => resolve(undefined);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([answer, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
    answer.catch(() => undefined);
  }
}
