import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { AppError } from "../../errors.ts";
import type { CeleryKeys } from "../../wire/celery/keys.ts";
import type { PidboxCommand } from "../../wire/celery/pidbox-command.ts";
import { decodePidboxReply } from "../../wire/celery/pidbox-reply.ts";
import { encodePidboxRequest } from "../../wire/celery/pidbox-request.ts";
import type { Value } from "../../wire/python/value.ts";

/** Seconds that one blocking read waits; its end is also when a dead connection is noticed. */
const READ_SECONDS = 5;
/** The reply list goes away by itself when we do. */
const REPLIES_EXPIRE_SECONDS = 60;

interface Question {
  replies: Map<string, Value>;
  expected: number;
  done: () => void;
}

/**
 * Remote control: asks nodes and collects their answers. All answers come to one list of this process, named directly in
 * the request, so no binding is left behind, and none can be swept away (Kombu 5.7).
 */
export class Control {
  readonly #redis: Redis;
  readonly #keys: CeleryKeys;
  readonly #replyQueue: string;
  readonly #questions = new Map<string, Question>();
  #clock = 0;
  #renewedAt = 0;

  constructor(redis: Redis, keys: CeleryKeys) {
    this.#redis = redis;
    this.#keys = keys;
    this.#replyQueue = keys.replyQueue(randomUUID());
  }

  /** Receives answers until the signal fires. `reader` is a connection of its own, because the read blocks. */
  async receive(reader: Redis, signal: AbortSignal): Promise<void> {
    const list = this.#keys.options.globalKeyprefix + this.#replyQueue;
    while (!signal.aborted) {
      const popped = await unlessAborted(reader.brpop(list, READ_SECONDS), signal);
      if (popped !== null) this.#settle(popped[1]);
    }
  }

  /**
   * Asks the named nodes, or all. Resolves when as many have answered as are listening, or after `timeoutMs` with those
   * that did: a node that is missing then is not gone, a busy `solo` worker answers only between tasks.
   */
  async ask(command: PidboxCommand, options: { destination: readonly string[] | null; timeoutMs: number }): Promise<Map<string, Value>> {
    const ticket = randomUUID();
    const { promise, resolve } = Promise.withResolvers<void>();
    const question: Question = { replies: new Map(), expected: options.destination?.length ?? Infinity, done: resolve };
    this.#questions.set(ticket, question);
    const timer = setTimeout(resolve, options.timeoutMs);
    try {
      const listening = await this.#publish(command, options, ticket);
      question.expected = Math.min(question.expected, listening);
      if (question.replies.size < question.expected) await promise;
      return question.replies;
    } finally {
      clearTimeout(timer);
      this.#questions.delete(ticket);
    }
  }

  /** Sends a command without waiting for answers. Resolves with the number of nodes that are listening. */
  async tell(command: PidboxCommand, destination: readonly string[] | null): Promise<number> {
    return this.#publish(command, { destination, timeoutMs: 0 }, null);
  }

  async #publish(
    command: PidboxCommand,
    options: { destination: readonly string[] | null; timeoutMs: number },
    ticket: string | null,
  ): Promise<number> {
    const request = encodePidboxRequest({
      command,
      destination: options.destination,
      ticket: ticket ?? randomUUID(),
      replyQueue: ticket === null ? null : this.#replyQueue,
      controlExchange: this.#keys.controlExchange,
      deliveryTag: randomUUID(),
      clock: ++this.#clock,
      expiresAt: Date.now() + options.timeoutMs,
    });
    if (!request.ok) throw new AppError("bad-input", request.reason);
    if (ticket !== null) await this.#keepListShort();
    const [own, sentinel] = await Promise.all([
      this.#redis.publish(this.#keys.controlChannel, request.value),
      this.#keys.sentinelControlChannel === this.#keys.controlChannel
        ? 0
        : this.#redis.publish(this.#keys.sentinelControlChannel, request.value),
    ]);
    return own + sentinel;
  }

  async #keepListShort(): Promise<void> {
    const now = Date.now();
    if (now - this.#renewedAt < (REPLIES_EXPIRE_SECONDS * 1000) / 2) return;
    this.#renewedAt = now;
    await this.#redis.expire(this.#keys.options.globalKeyprefix + this.#replyQueue, REPLIES_EXPIRE_SECONDS);
  }

  #settle(message: string): void {
    const replies = decodePidboxReply(message);
    if (!replies.ok) return;
    for (const { ticket, node, payload, clock } of replies.value) {
      if (clock !== null && clock > this.#clock) this.#clock = clock;
      const question = ticket === null ? undefined : this.#questions.get(ticket);
      if (question === undefined) continue;
      question.replies.set(node, payload);
      if (question.replies.size >= question.expected) question.done();
    }
  }
}

/** The answer, or null as soon as the signal fires: a blocking read must not delay the end. */
async function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T | null> {
  const { promise, resolve } = Promise.withResolvers<null>();
  const abort = (): void => resolve(null);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([answer, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
    answer.catch(() => undefined);
  }
}
