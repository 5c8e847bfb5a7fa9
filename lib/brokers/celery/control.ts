import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import { AppError } from "../../errors.ts";
import type { CeleryKeys } from "../../wire/celery/keys.ts";
import type { PidboxCommand } from "../../wire/celery/pidbox-command.ts";
import { decodePidboxReply } from "../../wire/celery/pidbox-reply.ts";
import { encodePidboxRequest } from "../../wire/celery/pidbox-request.ts";
import type { Value } from "../../wire/python/value.ts";
import type { Malformed } from "./malformed.ts";
import { orAborted } from "./subscription.ts";

/** Seconds that one blocking read waits; its end is also when a dead connection is noticed. */
const READ_SECONDS = 5;
const RETRY_MS = 500;

export interface Answer {
  payload: Value;
  /** When it came, by our clock. */
  at: number;
}

interface Question {
  answers: Map<string, Answer>;
  onAnswer: (node: string, answer: Answer) => void;
  expected: number;
  done: () => void;
}

export interface AskOptions {
  /** Node names; null for every node. */
  destination: readonly string[] | null;
  timeoutMs: number;
  /** Called at once for each answer, before what the node says next can be heard. */
  onAnswer?: (node: string, answer: Answer) => void;
}

/**
 * Remote control: asks nodes and collects their answers. All answers come to one list of this process, named directly in
 * the request, so no binding is left behind, and none can be swept away (Kombu 5.7).
 */
export class Control {
  readonly #redis: Redis;
  readonly #keys: CeleryKeys;
  readonly #malformed: Malformed;
  readonly #replyQueue: string;
  readonly #questions = new Map<string, Question>();
  #clock = 0;

  constructor(redis: Redis, keys: CeleryKeys, malformed: Malformed) {
    this.#redis = redis;
    this.#keys = keys;
    this.#malformed = malformed;
    this.#replyQueue = keys.replyQueue(`${REPLIES_BEGIN}${randomUUID()}`);
  }

  get #replyList(): string {
    return this.#keys.options.globalKeyprefix + this.#replyQueue;
  }

  /** Receives answers until the signal fires, whatever happens to Redis. `reader` is a connection of its own, because the read blocks. */
  async receive(reader: Redis, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const popped = await orAborted(reader.brpop(this.#replyList, READ_SECONDS), signal);
        if (popped != null) this.#settle(popped[1]);
      } catch {
        await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /**
   * Asks the named nodes, or all. Resolves when as many have answered as are listening, or after `timeoutMs` with those
   * that did: a node that is missing then is not gone, a busy `solo` worker answers only between tasks.
   */
  async ask(command: PidboxCommand, options: AskOptions): Promise<Map<string, Answer>> {
    const { timeoutMs, onAnswer = () => undefined } = options;
    const destination = reachable(options.destination);
    const ticket = randomUUID();
    const { promise, resolve } = Promise.withResolvers<void>();
    const question: Question = { answers: new Map(), onAnswer, expected: destination?.length ?? Infinity, done: resolve };
    this.#questions.set(ticket, question);
    const timer = setTimeout(resolve, timeoutMs);
    try {
      const listening = await this.#publish(command, destination, timeoutMs, ticket);
      question.expected = Math.min(question.expected, listening);
      if (question.answers.size < question.expected) await promise;
      return question.answers;
    } finally {
      clearTimeout(timer);
      this.#questions.delete(ticket);
    }
  }

  /** Sends a command without waiting for answers. Resolves with the number of nodes that are listening. */
  async tell(command: PidboxCommand, destination: readonly string[] | null): Promise<number> {
    return this.#publish(command, reachable(destination), 0, null);
  }

  /** Answers that come after this stay in a list that nobody reads; another process of ours finds it and lets it expire. */
  async close(): Promise<void> {
    await this.#redis.del(this.#replyList);
  }

  async #publish(command: PidboxCommand, destination: readonly string[] | null, timeoutMs: number, ticket: string | null): Promise<number> {
    if (destination?.length === 0) return 0;
    const { controlChannel, sentinelControlChannel, controlExchange } = this.#keys;
    const request = encodePidboxRequest({
      command,
      destination,
      ticket: ticket ?? randomUUID(),
      replyQueue: ticket === null ? null : this.#replyQueue,
      controlExchange,
      deliveryTag: randomUUID(),
      // Our own count, never what answers say: one wrong clock would be carried to all workers.
      clock: ++this.#clock,
      expiresAt: Date.now() + timeoutMs,
    });
    if (!request.ok) throw new AppError("bad-input", request.reason);
    const channels = controlChannel === sentinelControlChannel ? [controlChannel] : [controlChannel, sentinelControlChannel];
    const listening = await Promise.all(channels.map((channel) => this.#redis.publish(channel, request.value)));
    return listening.reduce((sum, count) => sum + count, 0);
  }

  #settle(message: string): void {
    const decoded = decodePidboxReply(message);
    if (!decoded.ok) {
      this.#malformed.report("remote control", decoded.reason, message);
      return;
    }
    const at = Date.now();
    for (const { ticket, node, payload } of decoded.value) {
      const question = ticket === null ? undefined : this.#questions.get(ticket);
      if (question === undefined) continue;
      question.answers.set(node, { payload, at });
      question.onAnswer(node, { payload, at });
      if (question.answers.size >= question.expected) question.done();
    }
  }
}

/** Without what no node is called and nothing can be addressed to: events can carry any name. */
function reachable(nodes: readonly string[] | null): readonly string[] | null {
  return nodes?.filter((node) => node !== "" && node.isWellFormed()) ?? null;
}

const REPLIES_BEGIN = "perennial-";

/** Whether a queue is one to which answers for a process of ours come. */
export function isOurReplyQueue(queue: string, keys: CeleryKeys): boolean {
  return queue.startsWith(REPLIES_BEGIN) && keys.isReplyQueue(queue);
}
