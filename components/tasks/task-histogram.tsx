"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactElement, useMemo } from "react";
import { seriesOptions } from "../../lib/client/series.ts";
import { seriesOf, type TaskSearch } from "../../lib/client/task-search.ts";
import { useScope } from "../../lib/client/use-address.ts";
import { SeriesFigure } from "../charts/series-figure.tsx";

/** Runs that ended over the window. Series are kept by name, by queue and by worker: the chart follows the filter as far as one of these does. */
export function TaskHistogram({ search }: { search: TaskSearch }): ReactElement {
  const of = useMemo(() => seriesOf(search), [search]);
  const series = useQuery({ ...seriesOptions(useScope(), of), placeholderData: keepPreviousData });
  return (
    <SeriesFigure
      title="Runs ended"
      of="ended"
      series={series}
      className="h-24"
      aside={
        <span className="clip">
          {of.key === undefined ? "all of the broker" : `${of.by}: ${of.key}`}
          <span className="pointer-coarse:hidden">; drag to choose a time</span>
        </span>
      }
    />
  );
}
