import { queryOptions } from "@tanstack/react-query";
import type { Scope } from "../contract/common.ts";
import type { Overview } from "../contract/overview.ts";
import { ask } from "./api.ts";

export function overviewOptions(scope: Scope) {
  return queryOptions({
    queryKey: ["overview", scope],
    queryFn: ({ signal }) => ask<Overview>("/overview", scope, signal),
  });
}
