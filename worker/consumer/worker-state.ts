import type { TaskRequest } from "../../lib/wire/celery/task-request.ts";
import { listOf } from "../../lib/wire/celery/value-fields.ts";
import type { Value } from "../../lib/wire/python/value.ts";
import type { HeldTask, Phase } from "./held-task.ts";
import { RevokedIds } from "./revoked.ts";

/** What a worker knows of its tasks (Celery 5.7, `worker/state.py`). */
export class WorkerState {
  readonly startedAt = Date.now();
  readonly revoked = new RevokedIds();
  /** Stamp → values whose tasks must not run. */
  readonly revokedStamps = new Map<string, string[]>();
  /** Task name → how many began. */
  readonly totals = new Map<string, number>();
  readonly #tasks = new Set<HeldTask>();

  add(task: HeldTask): void {
    this.#tasks.add(task);
  }

  delete(task: HeldTask): void {
    this.#tasks.delete(task);
  }

  get tasks(): readonly HeldTask[] {
    return [...this.#tasks];
  }

  in(phase: Phase): HeldTask[] {
    return this.tasks.filter((task) => task.phase === phase);
  }

  find(id: string): HeldTask | undefined {
    for (const task of this.#tasks) if (task.request.id === id) return task;
    return undefined;
  }

  began(name: string): void {
    this.totals.set(name, (this.totals.get(name) ?? 0) + 1);
  }

  isRevoked(request: TaskRequest): boolean {
    if (this.revoked.has(request.id)) return true;
    return request.stamps.some(([stamp, value]) => stampsOf(value).some((one) => this.revokedStamps.get(stamp)?.includes(one)));
  }
}

/** The values of a stamp, as texts. */
export function stampsOf(value: Value): string[] {
  return (listOf(value) ?? [value]).filter((one) => typeof one === "string" || typeof one === "number").map(String);
}
