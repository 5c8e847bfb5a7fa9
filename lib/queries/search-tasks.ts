import { setImmediate as turn } from "node:timers/promises";
import type { SortField, TaskList, TaskRow } from "../contract/task.ts";
import type { BrokerMonitor } from "../monitor/monitor.ts";
import { scan } from "../view/query.ts";
import { type ListCursor, encodeCursor, sortValue } from "./cursor.ts";
import type { Candidate } from "./filter-split.ts";
import { payloadTexts } from "./payload-texts.ts";
import { taskEvents } from "./task-events.ts";
import type { UnderstoodFilter } from "./task-filter.ts";
import { taskRow } from "./task-row.ts";
import { whatOf } from "./what.ts";

/** A page of a list, with everything that its address left open decided. */
export interface ListRequest {
  filter: UnderstoodFilter;
  sort: SortField;
  descending: boolean;
  limit: number;
  cursor: ListCursor | null;
  now: number;
}

/** Candidates whose payloads are read together: few at first, for a page is often full at once, then more, for each batch scans all rows. */
const FIRST_BATCH = 250;
const LARGEST_BATCH = 4_000;
/** A page that is not full by then is given out as it is, and the next one goes on from there. */
const BUDGET_MS = 1_500;

/**
 * A page of the tasks that match a filter about payloads. Rows say who comes into question, in the order of the list; their
 * payloads are read until the page is full, nobody is left, or the time is up. The total is exact only when nobody is left.
 */
export async function searchTasks(
  watched: Pick<BrokerMonitor, "view" | "log">,
  request: ListRequest,
  matches: (candidate: Candidate) => boolean,
  budgetMs = BUDGET_MS,
): Promise<TaskList> {
  const { filter, limit, now } = request;
  const deadline = performance.now() + budgetMs;
  const found: TaskRow[] = [];
  let after = request.cursor;
  let isOver = false;
  for (let batch = FIRST_BATCH; !isOver && found.length < limit; batch = Math.min(batch * 2, LARGEST_BATCH)) {
    const candidates = nextCandidates(watched, request, after, batch);
    const events = await taskEvents(
      watched,
      candidates.map(({ id }) => id),
    );
    for (const [index, task] of candidates.entries()) {
      const own = (events[index] ?? []).map(({ event }) => event);
      const row = taskRow(task, now);
      after = { value: sortValue(row, request.sort), id: row.id, now };
      if (matches({ task, row, texts: payloadTexts(own) })) found.push({ ...row, what: whatOf(events[index] ?? [], row.state) });
      if (found.length === limit) break;
    }
    isOver = candidates.length < batch && found.length < limit;
    if (performance.now() > deadline) break;
    await turn();
  }
  const byState = countByState(request.cursor?.found ?? {}, found);
  return {
    tasks: found,
    total: { value: Object.values(byState).reduce((sum, count) => sum + count, 0), exact: isOver },
    byState,
    next: isOver || after === null ? null : encodeCursor({ ...after, found: byState }),
    understood: filter.understood,
  };
}

function nextCandidates({ view }: Pick<BrokerMonitor, "view">, request: ListRequest, after: ListCursor | null, limit: number) {
  const page = scan(view.table, {
    filter: request.filter.rows,
    sort: request.sort,
    descending: request.descending,
    limit,
    now: request.now,
    ...(after === null ? {} : { after }),
  });
  return page.rows.map((row) => view.table.read(row));
}

function countByState(before: Readonly<Record<string, number>>, rows: readonly TaskRow[]): Record<string, number> {
  const counts = new Map(Object.entries(before));
  for (const { state } of rows) counts.set(state, (counts.get(state) ?? 0) + 1);
  return Object.fromEntries(counts);
}
