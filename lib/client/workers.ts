import { queryOptions } from "@tanstack/react-query";
import { inAddress } from "../contract/address.ts";
import type { Scope } from "../contract/common.ts";
import type { WorkerDetail, WorkerInspection, WorkerList } from "../contract/worker.ts";
import { ask } from "./api.ts";

export function workerPath(name: string): `/${string}` {
  return `/workers/${inAddress(name)}`;
}

export function workerListOptions(scope: Scope) {
  return queryOptions({
    queryKey: ["workers", scope],
    queryFn: ({ signal }) => ask<WorkerList>("/workers", scope, signal),
  });
}

export function workerOptions(name: string, scope: Scope) {
  return queryOptions({
    queryKey: ["workers", "one", name, scope],
    queryFn: ({ signal }) => ask<WorkerDetail>(workerPath(name), scope, signal),
  });
}

/** What the worker answers now. It costs the worker something, so it is asked only when somebody wants to see it. */
export function inspectionOptions(name: string, broker: string | undefined) {
  return queryOptions({
    queryKey: ["inspection", name, broker ?? null],
    queryFn: ({ signal }) => ask<WorkerInspection>(`${workerPath(name)}/inspect`, { broker }, signal),
    staleTime: 0,
    retry: false,
  });
}
