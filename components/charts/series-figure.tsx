"use client";

import type { UseQueryResult } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { type ReactElement, type ReactNode, useState } from "react";
import type { Series } from "../../lib/contract/series.ts";
import { StateMark } from "../state/state-mark.tsx";
import { formatDuration } from "../time/time.model.ts";
import { ClockTime } from "../time/time.tsx";
import { Button } from "../ui/button.tsx";
import { formatCount } from "../ui/number.model.ts";
import { type Bucket, bucketsOf, ENDED } from "./chart.model.ts";
import { ENDED_LOOKS } from "./ended-looks.ts";

// The charts' library is the largest part of the page and nobody waits for it.
const EndedChart = dynamic(() => import("./ended-chart.tsx").then((module) => module.EndedChart), { ssr: false });
const LatencyChart = dynamic(() => import("./latency-chart.tsx").then((module) => module.LatencyChart), { ssr: false });

export type Drawn = "ended" | "wait" | "run";

/** A chart of a series with its title, and the same as a table for who cannot see it or wants to copy it. */
export function SeriesFigure({
  title,
  of,
  series,
  aside,
  className = "h-36",
}: {
  title: string;
  of: Drawn;
  series: UseQueryResult<Series>;
  aside?: ReactNode;
  className?: string;
}): ReactElement {
  const [asTable, setAsTable] = useState(false);
  const { data, error } = series;
  return (
    <figure aria-label={title} className="min-w-0">
      <figcaption className="flex min-h-7 flex-wrap items-center gap-x-3">
        <span className="text-table font-medium">{title}</span>
        <span className="flex min-w-0 flex-wrap gap-x-3 text-label text-ink-2 max-md:order-1 max-md:basis-full">{aside}</span>
        <Button kind="quiet" aria-pressed={asTable} className="ml-auto text-label" onClick={() => setAsTable(!asTable)}>
          {asTable ? "Chart" : "Table"}
        </Button>
      </figcaption>
      <div className={`${className} ${asTable ? "overflow-auto" : "select-none"}`}>
        {data === undefined ? (
          <p className="text-label text-ink-2">{error ? error.message : ""}</p>
        ) : data.points.length === 0 ? (
          <p className="text-label text-ink-2">Nothing was recorded in this time window.</p>
        ) : asTable ? (
          <SeriesTable title={title} of={of} series={data} />
        ) : of === "ended" ? (
          <EndedChart series={data} />
        ) : (
          <LatencyChart series={data} of={of} />
        )}
      </div>
    </figure>
  );
}

const LATENCIES = {
  wait: { p50: "waitP50Ms", p95: "waitP95Ms", p99: "waitP99Ms" },
  run: { p50: "runP50Ms", p95: "runP95Ms", p99: "runP99Ms" },
} as const;

function SeriesTable({ title, of, series }: { title: string; of: Drawn; series: Series }): ReactElement {
  const columns: [ReactNode, (bucket: Bucket) => string][] =
    of === "ended"
      ? ENDED.map((key) => [<StateMark key="" state={ENDED_LOOKS[key].state} />, (bucket) => textOf(bucket[key], formatCount)])
      : Object.entries(LATENCIES[of]).map(([word, key]) => [word, (bucket) => textOf(bucket[key], formatDuration)]);
  return (
    <table aria-label={title} className="w-full text-right text-table">
      <thead className="text-label text-ink-2">
        <tr>
          <th className="text-left font-normal">From</th>
          {columns.map(([head], index) => (
            <th key={index} className="pl-3 font-normal">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {bucketsOf(series)
          .toReversed()
          .map((bucket) => (
            <tr key={bucket.at} className="border-t border-line/60">
              <td className="text-left">
                <ClockTime at={bucket.at} />
              </td>
              {columns.map(([, textAt], index) => (
                <td key={index} className="pl-3">
                  {textAt(bucket)}
                </td>
              ))}
            </tr>
          ))}
      </tbody>
    </table>
  );
}

function textOf(value: number | null, format: (value: number) => string): string {
  return value === null ? "–" : format(value);
}
