import { clampAt, type TaskEvent } from "../../model/event.ts";
import { defined } from "../../model/known.ts";
import type { HeldTask } from "../../wire/celery/inspect-reply.ts";
import { boundedId, boundedWord } from "./bounded.ts";

/** A task that a worker said, when it was asked, it runs or holds; undefined when its id cannot be one. */
export function fromHeldTask(
  held: HeldTask,
  type: "task.running" | "task.held",
  found: { worker: string; run: number; at: number },
): TaskEvent | undefined {
  const task = boundedId(held.id);
  if (task === undefined) return undefined;
  const name = held.name ?? held.type;
  const startedAt = type === "task.running" && held.startedAt !== null ? clampAt(held.startedAt, found.at) : undefined;
  return {
    type,
    task,
    worker: found.worker,
    at: startedAt ?? found.at,
    seenAt: found.at,
    source: "inspect",
    run: found.run,
    ...defined({
      name: name === null ? undefined : boundedWord(name),
      queue: held.exchange === "" && held.routingKey !== null ? boundedWord(held.routingKey) : undefined,
      priority: held.priority ?? undefined,
      startedAt,
      pid: held.pid ?? undefined,
    }),
    payload: { args: JSON.stringify(held.args), kwargs: JSON.stringify(held.kwargs), argsForm: "value" },
  };
}
