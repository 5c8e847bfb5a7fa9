import {
  clampAt,
  FLAG_ARGS_CUT,
  FLAG_IGNORES_RESULT,
  FLAG_REDELIVERED,
  FLAG_SCHEDULED_BY_BEAT,
  type Payload,
  type TaskEvent,
} from "../../model/event.ts";
import { defined } from "../../model/known.ts";
import type { TaskMessage } from "../../wire/celery/task-message.ts";
import { describeEffect } from "../../wire/celery/worker-effect.ts";
import { boundedId, boundedWord } from "./bounded.ts";
import { boundedRetries } from "./runs.ts";

/** Where and when a message was found, and the run that it is of. */
export interface Found {
  place: "queue" | "unacked";
  queue: string | undefined;
  run: number;
  at: number;
  seenAt: number;
}

/** A message found in a queue (`task.waiting`) or unacknowledged (`task.held`), as an event; undefined when it has no id. */
export function fromMessage(message: TaskMessage, found: Found): TaskEvent | undefined {
  const task = boundedId(message.id);
  if (task === undefined) return undefined;
  const name = message.shadow ?? message.name;
  const queue = found.queue ?? queueOf(message);
  return {
    type: found.place === "queue" ? "task.waiting" : "task.held",
    task,
    at: clampAt(found.at, found.seenAt),
    seenAt: found.seenAt,
    source: found.place,
    run: found.run,
    ...defined({
      name: name === null ? undefined : boundedWord(name),
      queue: queue === undefined ? undefined : boundedWord(queue),
      parentId: boundedId(message.parentId),
      rootId: boundedId(message.rootId),
      groupId: boundedId(message.groupId),
      retries: boundedRetries(message.retries),
      priority: message.priority ?? undefined,
      etaAt: message.etaAt ?? undefined,
      expiresAt: message.expiresAt ?? undefined,
      actor: boundedId(message.origin),
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
  const isCut = message.argsRepr?.includes("...") === true || message.kwargsRepr?.includes("...") === true;
  const flags =
    (message.redelivered ? FLAG_REDELIVERED : 0) |
    (message.ignoresResult === true ? FLAG_IGNORES_RESULT : 0) |
    (message.sentByBeat || message.periodicTaskName !== null ? FLAG_SCHEDULED_BY_BEAT : 0) |
    (isCut ? FLAG_ARGS_CUT : 0);
  return flags === 0 ? undefined : flags;
}

function payloadOf(message: TaskMessage): Payload {
  const problems = problemsOf(message);
  return defined({
    raw: message.envelope.raw,
    args: message.argsRepr || undefined,
    kwargs: message.kwargsRepr || undefined,
    argsForm: message.argsRepr || message.kwargsRepr ? ("repr" as const) : undefined,
    data: problems.length === 0 ? undefined : JSON.stringify({ problems }),
  });
}

/** What is wrong with a message, as sentences for an operator; empty for a good one. */
export function problemsOf(message: TaskMessage): string[] {
  const effect = describeEffect(message.effect);
  return effect === null ? message.problems : [effect, ...message.problems];
}
