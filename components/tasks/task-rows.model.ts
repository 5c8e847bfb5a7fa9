import type { TaskList, TaskRow } from "../../lib/contract/task.ts";

export interface Rows {
  /** In the order in which they were listed, each as it is now. */
  rows: TaskRow[];
  /** How many of the first page as it is now are not among them. */
  fresh: number;
  /** The whole first page is new: there may be more. */
  freshAndMore: boolean;
}

/**
 * The rows to draw: those of the pages as they were listed, so that none moves under the pointer, but with what `head`,
 * the first page as it is now, tells of them. A task that moved between two pages is drawn once.
 */
export function mergeRows(pages: readonly TaskList[], head: TaskList | undefined): Rows {
  const latest = new Map(head?.tasks.map((task) => [task.id, task]));
  const listed = new Map<string, TaskRow>();
  for (const { tasks } of pages) {
    for (const task of tasks) {
      const newer = latest.get(task.id);
      if (!listed.has(task.id)) listed.set(task.id, newer && newer.lastAt >= task.lastAt ? newer : task);
    }
  }
  const fresh = head?.tasks.filter(({ id }) => !listed.has(id)).length ?? 0;
  return { rows: [...listed.values()], fresh, freshAndMore: fresh > 0 && fresh === head?.tasks.length && head.next !== null };
}

/** `+37 new`, `+100 or more new`. */
export function freshWords({ fresh, freshAndMore }: Rows): string {
  return freshAndMore ? `+${fresh} or more new` : `+${fresh} new`;
}
