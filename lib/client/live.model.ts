import type { LiveMessage } from "../contract/series.ts";

/** First words of the keys under which the page keeps its answers. */
export type Noun = "overview" | "series" | "tasks" | "task" | "queues" | "workers";

/** Shortest time between two refreshes of one noun. Series are made of buckets of ten seconds and more. */
export const REFRESH_MS: Record<Noun, number> = {
  overview: 2_000,
  tasks: 1_000,
  task: 1_000,
  queues: 1_000,
  workers: 1_000,
  series: 5_000,
};

export const NOUNS = ["overview", "series", "tasks", "task", "queues", "workers"] as const satisfies readonly Noun[];

/** What has changed since each noun was last refreshed. */
export interface Pending {
  dirty: ReadonlySet<Noun>;
  /** Ids of changed tasks; null when there were too many to say. */
  tasks: ReadonlySet<string> | null;
}

export const NOTHING: Pending = { dirty: new Set(), tasks: new Set() };
export const EVERYTHING: Pending = { dirty: new Set(NOUNS), tasks: null };

/** What has changed when one more message has come. */
export function note(pending: Pending, message: LiveMessage): Pending {
  if (message.type === "resync") return EVERYTHING;
  const dirty = new Set(pending.dirty);
  dirty.add("overview");
  const changed = message.tasks === null || message.tasks.length > 0;
  if (changed) dirty.add("tasks").add("task").add("series");
  if (message.queues) dirty.add("queues");
  if (message.workers) dirty.add("workers");
  const tasks = pending.tasks === null || message.tasks === null ? null : new Set([...pending.tasks, ...message.tasks]);
  return { dirty, tasks };
}

/** Which nouns may be refreshed at a moment, and in how many ms the next of the others may. */
export function due(pending: Pending, refreshedAt: Partial<Record<Noun, number>>, now: number): { now: Noun[]; nextInMs: number | null } {
  const ready: Noun[] = [];
  let nextInMs: number | null = null;
  for (const noun of pending.dirty) {
    const left = (refreshedAt[noun] ?? 0) + REFRESH_MS[noun] - now;
    if (left <= 0) ready.push(noun);
    else nextInMs = Math.min(nextInMs ?? left, left);
  }
  return { now: ready, nextInMs };
}
