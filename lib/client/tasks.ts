import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { inAddress } from "../contract/address.ts";
import type { ActOutcome, RerunDraft, RerunRequest, RevokeRequest, TaskDetail, TaskList } from "../contract/task.ts";
import { ask, order } from "./api.ts";
import type { TaskSearch } from "./task-search.ts";

export function taskPath(id: string): `/${string}` {
  return `/tasks/${inAddress(id)}`;
}

/** Rows of one page of the list. */
export const TASKS_PER_PAGE = 100;

/** The list as it was when it was asked for; it grows at its end. What is new at its head is `taskHeadOptions`. */
export function taskListOptions(search: TaskSearch) {
  return infiniteQueryOptions({
    // Not under "tasks": live changes must not reorder rows that somebody reads.
    queryKey: ["task-list", search],
    queryFn: ({ pageParam, signal }) => ask<TaskList>("/tasks", { ...search, cursor: pageParam, limit: TASKS_PER_PAGE }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
}

/** The first page as it is now: counts, the latest of rows already shown, and what is new. */
export function taskHeadOptions(search: TaskSearch) {
  return queryOptions({
    queryKey: ["tasks", search],
    queryFn: ({ signal }) => ask<TaskList>("/tasks", { ...search, limit: TASKS_PER_PAGE }, signal),
  });
}

/** Counts by state as if no state were chosen, so that the other states can be seen and chosen too. */
export function taskCountsOptions(search: TaskSearch) {
  return queryOptions({
    queryKey: ["tasks", "counts", { ...search, state: [], sort: null }],
    queryFn: ({ signal }) => ask<TaskList>("/tasks", { ...search, state: [], sort: null, limit: 1 }, signal),
  });
}

export function taskOptions(id: string, broker: string | undefined) {
  return queryOptions({
    queryKey: ["task", id, broker ?? null],
    queryFn: ({ signal }) => ask<TaskDetail>(taskPath(id), { broker }, signal),
  });
}

/** What a rerun would send. Asked when the dialog opens, since the source may be the message in the queue. */
export function rerunDraftOptions(id: string, broker: string | undefined) {
  return queryOptions({
    queryKey: ["rerun", id, broker ?? null],
    queryFn: ({ signal }) => ask<RerunDraft>(`${taskPath(id)}/rerun`, { broker }, signal),
    staleTime: 0,
    gcTime: 0,
  });
}

export function rerunTask(id: string, broker: string | undefined, request: RerunRequest): Promise<ActOutcome> {
  return order<ActOutcome>(`${taskPath(id)}/rerun`, { broker }, request);
}

export function revokeTask(id: string, broker: string | undefined, request: RevokeRequest): Promise<ActOutcome> {
  return order<ActOutcome>(`${taskPath(id)}/revoke`, { broker }, request);
}
