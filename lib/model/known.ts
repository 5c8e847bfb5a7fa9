import type { TaskEvent } from "./event.ts";
import type { Task } from "./task.ts";

/**
 * All that is known of a task as one event. Folded alone it gives the same task, folded onto the task it changes nothing,
 * so it can stand for the events that are about to be trimmed.
 */
export function knownOf(task: Task, seenAt: number): TaskEvent {
  return {
    type: "task.known",
    task: task.id,
    at: task.stepAt,
    seenAt,
    source: "leader",
    ...(task.inferred ? { inferred: true } : {}),
    ...defined({
      run: task.run,
      step: task.step,
      lastRun: task.lastRun,
      name: task.name,
      queue: task.queue,
      worker: task.worker,
      nameRank: task.nameRank,
      queueRank: task.queueRank,
      workerRank: task.workerRank,
      state: task.custom,
      exceptionType: task.exceptionType,
      parentId: task.parentId,
      rootId: task.rootId,
      groupId: task.groupId,
      rerunId: task.rerunId,
      doubt: task.doubt,
      doubtAt: task.doubtAt,
      evidenceAt: task.evidenceAt,
      sentAt: task.sentAt,
      receivedAt: task.receivedAt,
      startedAt: task.startedAt,
      runtimeMs: task.runtimeMs,
      etaAt: task.etaAt,
      expiresAt: task.expiresAt,
      priority: task.priority,
      flags: task.flags,
      fromAt: task.firstAt,
      lastAt: task.lastAt,
    }),
  };
}

type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

/** The object without the properties that are undefined, as `exactOptionalPropertyTypes` wants it. */
export function defined<T extends object>(object: T): Defined<T> {
  // The cast only says what the filter has done.
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
}
