import { queryOptions } from "@tanstack/react-query";
import type { Scope } from "../contract/common.ts";
import type { Series, SeriesQuery } from "../contract/series.ts";
import { ask } from "./api.ts";

/** One queue, worker or name to draw; all together where left out. */
export type SeriesOf = Pick<SeriesQuery, "by" | "key">;

export function seriesOptions(scope: Scope, of: SeriesOf = {}) {
  return queryOptions({
    queryKey: ["series", scope, of],
    queryFn: ({ signal }) => ask<Series>("/series", { ...scope, ...of }, signal),
  });
}
