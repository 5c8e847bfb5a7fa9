import { clampAt, FLAG_IGNORES_RESULT, FLAG_REDELIVERED, FLAG_SCHEDULED_BY_BEAT, type Payload, type TaskEvent } from "../../model/event.ts";
import { defined } from "../../model/known.ts";
import type { TaskMessage } from "../../wire/celery/task-message.ts";
import { describeEffect } from "../../wire/celery/worker-effect.ts";
import type { Runs } from "./runs.ts";

/** A message found in a queue (`task.waiting`) or unacknowledged (`task.held`), as an event; undefined when it has no id. */
export function fromMessage(
  message: TaskMessage,
  found: { place: "queue" | "unacked"; queue: string | undefined; at: number; seenAt: number },
  runs: Runs,
): TaskEvent | undefined {
  if (message.id === null) return undefined;
  const waiting = found.place === "queue";
  const run = waiting && message.redelivered ? runs.returned(message.id, message.retries) : runs.seen(message.id, message.retries);
  return {
    type: waiting ? "task.waiting" : "task.held",
    task: message.id,
    at: clampAt(found.at, found.seenAt),
    seenAt: found.seenAt,
    source: found.place,
    run,
    ...defined({
      name: message.shadow ?? message.name ?? undefined,
      queue: found.queue ?? queueOf(message),
      parentId: message.parentId ?? undefined,
      rootId: message.rootId ?? undefined,
      groupId: message.groupId ?? undefined,
      retries: message.retries,
      priority: message.priority ?? undefined,
      etaAt: message.etaAt ?? undefined,
      expiresAt: message.expiresAt ?? undefined,
      actor: message.origin ?? undefined,
      flags: flagsOf(message),
    }),
    payload: payloadOf(message),
  };
}

/** The queue that the message's own delivery info names; only the anonymous exchange names one. */
export function queueOf(message: TaskMessage): string | undefined {
  return message.exchange === "" ? (message.routingKey ?? undefined) : undefined;
}

function flagsOf(message: TaskMessage): number | undefined {
  const flags =
    (message.redelivered ? FLAG_REDELIVERED : 0) |
    (message.ignoresResult === true ? FLAG_IGNORES_RESULT : 0) |
    (message.sentByBeat || message.periodicTaskName !== null ? FLAG_SCHEDULED_BY_BEAT : 0);
  return flags === 0 ? undefined : flags;
}

function payloadOf(message: TaskMessage): Payload {
  return defined({
    raw: message.envelope.raw,
    args: message.argsRepr ?? undefined,
    kwargs: message.kwargsRepr ?? undefined,
    argsForm: message.argsRepr === null ? undefined : ("repr" as const),
    data: message.problems.length === 0 ? undefined : JSON.stringify({ problems: message.problems }),
  });
}

/** What is wrong with a message, as sentences for an operator; empty for a good one. */
export function problemsOf(message: TaskMessage): string[] {
  const effect = describeEffect(message.effect);
  return effect === null ? message.problems : [effect, ...message.problems];
}
