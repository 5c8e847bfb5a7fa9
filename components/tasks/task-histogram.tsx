"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactElement, useMemo } from "react";
import { seriesOptions, type SeriesOf } from "../../lib/client/series.ts";
import type { TaskSearch } from "../../lib/client/task-search.ts";
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
      aside={<span className="clip">{of.key === undefined ? "all of the broker" : `${of.by}: ${of.key}`}; drag to choose a time</span>}
    />
  );
}

function seriesOf(search: TaskSearch): SeriesOf {
  for (const by of ["name", "queue", "worker"] as const) {
    const [key, other] = search[by];
    if (key !== undefined && other === undefined && !key.includes("*")) return { by, key };
  }
  return {};
}
