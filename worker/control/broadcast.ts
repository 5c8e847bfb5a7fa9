import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { AppError } from "../../lib/errors.ts";
import { decodeBody, decodeEnvelope } from "../../lib/wire/celery/envelope.ts";
import type { CeleryKeys } from "../../lib/wire/celery/keys.ts";
import type { PidboxCommand } from "../../lib/wire/celery/pidbox-command.ts";
import { encodePidboxRequest } from "../../lib/wire/celery/pidbox-request.ts";
import { entriesOf } from "../../lib/wire/celery/value-fields.ts";
import type { Value } from "../../lib/wire/python/value.ts";
import type { LamportClock } from "../events/lamport-clock.ts";

/** Tells all workers something. Rejects with `bad-input` when it must not be said, else as Redis does. */
export async function broadcast(
  redis: Redis,
  keys: CeleryKeys,
  clock: LamportClock,
  command: PidboxCommand,
  replyQueue: string | null = null,
): Promise<number> {
  const request = encodePidboxRequest({
    command,
    destination: null,
    ticket: randomUUID(),
    replyQueue,
    controlExchange: keys.controlExchange,
    deliveryTag: randomUUID(),
    clock: clock.forward(),
    expiresAt: Date.now() + 1_000,
  });
  if (!request.ok) throw new AppError("bad-input", request.reason);
  return redis.publish(keys.controlChannel, request.value);
}

/** Asks all workers, and answers with what came from each within the time. The connection waits meanwhile. */
export async function askAll(
  redis: Redis,
  keys: CeleryKeys,
  clock: LamportClock,
  command: PidboxCommand,
  timeoutMs: number,
): Promise<[node: string, payload: Value][]> {
  const queue = keys.replyQueue(randomUUID());
  const list = keys.queueList(queue, 0);
  const replies: [string, Value][] = [];
  const until = Date.now() + timeoutMs;
  const asked = await broadcast(redis, keys, clock, command, queue);
  while (replies.length < asked && Date.now() < until) {
    const found = await redis.brpop(list, Math.max(0.05, (until - Date.now()) / 1000));
    const envelope = found === null ? null : decodeEnvelope(found[1]);
    const body = envelope?.ok === true ? decodeBody(envelope.value) : null;
    if (body?.ok === true) replies.push(...entriesOf(body.value));
  }
  await redis.del(list);
  return replies;
}
