import { AsyncLocalStorage } from "node:async_hooks";
import type { ResultTuple } from "../../lib/wire/celery/result-tuple.ts";
import type { TaskRequest } from "../../lib/wire/celery/task-request.ts";

/** The run of a task: what it sends becomes its child. */
export interface Run {
  readonly request: TaskRequest;
  readonly children: ResultTuple[];
  /** True once the task has ended for everybody else, even if its function goes on. */
  ended: boolean;
}

const runs = new AsyncLocalStorage<Run>();

/** The task in which this code runs, or undefined. */
export function currentRun(): Run | undefined {
  return runs.getStore();
}

export function within<T>(run: Run, work: () => T): T {
  return runs.run(run, work);
}
