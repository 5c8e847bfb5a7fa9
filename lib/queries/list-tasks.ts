import { setTimeout as delay } from "node:timers/promises";
import { type SortField, SORT_FIELDS, type TaskList, type TaskListQuery } from "../contract/task.ts";
import { stateOf } from "../model/state.ts";
import type { Viewer } from "../model/viewer.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { scan } from "../view/query.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { type ListRequest, searchTasks } from "./search-tasks.ts";
import { type StoredTaskEvent, taskEvents } from "./task-events.ts";
import { understand } from "./task-filter.ts";
import { taskRow } from "./task-row.ts";
import { watchedBroker } from "./watched-broker.ts";
import { whatOf } from "./what.ts";

const LIMIT = 50;
/** What a task says last is among its last events; the rest of a long timeline need not be read for one line. */
const EVENTS_FOR_WHAT = 4;
const WHAT_MS = 3_000;

/** A page of the tasks that match, answered from rows; only a filter about payloads makes it a search. */
export async function listTasks(monitor: Monitor, viewer: Viewer, query: TaskListQuery): Promise<TaskList> {
  const watched = watchedBroker(monitor, viewer, query.broker);
  const { limit = LIMIT, sort = "-last" } = query;
  const cursor = query.cursor === undefined ? null : decodeCursor(query.cursor);
  const now = cursor?.now ?? Date.now();
  const filter = understand(query, now);
  const request: ListRequest = { filter, sort: fieldOf(sort), descending: sort.startsWith("-"), limit, cursor, now };
  if (filter.payload !== null) return await searchTasks(watched, request, filter.payload);

  const { view } = watched;
  const page = scan(view.table, {
    filter: filter.rows,
    sort: request.sort,
    descending: request.descending,
    limit,
    now,
    ...(cursor === null ? {} : { after: cursor }),
  });
  const tasks = page.rows.map((row) => view.table.read(row));
  const events = await inTime(
    taskEvents(
      watched,
      tasks.map(({ id }) => id),
      EVENTS_FOR_WHAT,
    ),
  );
  return {
    tasks: tasks.map((task, index) => taskRow(task, now, whatOf(events[index] ?? [], stateOf(task)))),
    total: { value: page.total, exact: true },
    byState: page.byState,
    next: page.next === null ? null : encodeCursor({ ...page.next, now }),
    understood: filter.understood,
  };
}

/** Rows are known even while the store is away; they must not wait for a line that only it can tell. */
async function inTime(events: Promise<StoredTaskEvent[][]>): Promise<StoredTaskEvent[][]> {
  const late = new AbortController();
  try {
    return await Promise.race([events, delay(WHAT_MS, [], { signal: late.signal })]);
  } catch {
    return [];
  } finally {
    late.abort();
  }
}

function fieldOf(sort: string): SortField {
  const name = sort.replace("-", "");
  return SORT_FIELDS.find((field) => field === name) ?? "last";
}
