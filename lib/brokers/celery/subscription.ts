import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import { asAppError } from "../../redis.ts";
import type { LogEvent } from "../../model/event.ts";

const RETRY_MS = 500;
/** A connection that is silent for this long is asked whether it still lives. */
const PING_MS = 5_000;

/**
 * A pub/sub subscription that is kept up until the signal fires. What is published while it is down is lost; how long that
 * was is told as a gap when it stands again.
 */
export class Subscription {
  readonly #redis: Redis;
  readonly #what: string;
  #connected = false;
  #since = Date.now();
  #problem: string | null = null;
  #stoodUntil: number | undefined;

  constructor(redis: Redis, what: string) {
    this.#redis = redis;
    this.#what = what;
  }

  get state(): { connected: boolean; since: number; problem: string | null } {
    return { connected: this.#connected, since: this.#since, problem: this.#problem };
  }

  /** `channels` are exact names, `patterns` globs. `onMessage` gets the bytes as published. */
  async run(
    options: {
      patterns: readonly string[];
      channels: readonly string[];
      onMessage: (channel: string, message: Buffer) => void;
      onGap: (gap: LogEvent) => void;
      onStanding?: () => void;
    },
    signal: AbortSignal,
  ): Promise<void> {
    const redis = this.#redis;
    redis.on("pmessageBuffer", (_pattern: Buffer, channel: Buffer, message: Buffer) => options.onMessage(channel.toString(), message));
    redis.on("messageBuffer", (channel: Buffer, message: Buffer) => options.onMessage(channel.toString(), message));
    redis.on("close", () => this.#fell());
    try {
      while (!signal.aborted) {
        try {
          if (!this.#connected) {
            if (options.patterns.length > 0) await redis.psubscribe(...options.patterns);
            if (options.channels.length > 0) await redis.subscribe(...options.channels);
            this.#stands(options.onGap);
            options.onStanding?.();
          }
          await delay(PING_MS, undefined, { signal }).catch(() => undefined);
          if (!signal.aborted) await redis.ping();
        } catch (error) {
          this.#fell();
          this.#problem = asAppError(redis, error).message;
          await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
        }
      }
    } finally {
      redis.removeAllListeners("pmessageBuffer").removeAllListeners("messageBuffer");
    }
  }

  #stands(onGap: (gap: LogEvent) => void): void {
    const now = Date.now();
    this.#connected = true;
    this.#since = now;
    this.#problem = null;
    if (this.#stoodUntil === undefined) return;
    onGap({
      type: "log.gap",
      at: now,
      seenAt: now,
      source: "leader",
      fromAt: this.#stoodUntil,
      details: JSON.stringify({ where: this.#what, reason: "the subscription was down" }),
    });
    this.#stoodUntil = undefined;
  }

  #fell(): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#since = Date.now();
    this.#stoodUntil = this.#since;
    this.#problem = `the subscription to ${this.#what} is down`;
  }
}
