"use client";

import type { ReactElement, ReactNode } from "react";
import type { TooltipContentProps } from "recharts";
import { useNow, useZone } from "../time/clock.tsx";
import { formatClock } from "../time/time.model.ts";
import { type Bucket, tickLabel, ticksOf } from "./chart.model.ts";

/** Charts of one page show the same moment under the pointer. */
export const CURSOR = "page";

export const MARGIN = { top: 8, right: 8, bottom: 0, left: 0 };

export const AXIS = { axisLine: false, tickLine: false, tick: { fontSize: 12, fill: "var(--color-ink-2)" } } as const;

/** Where the marks of the time axis stand and what they say. */
export function useTimeAxis(buckets: readonly Bucket[], most: number): { ticks: number[]; tickFormatter: (at: number) => string } {
  const zone = useZone();
  const day = useNow((now) => now - (now % 60_000));
  return { ticks: ticksOf(buckets, most, zone), tickFormatter: (at) => tickLabel(at, day, zone) };
}

/** The charts' library hands our own data back, but no longer knows their type. */
export function ownBucket(payload: unknown): Bucket | undefined {
  return payload as Bucket | undefined;
}

/** What the chart says at the moment under the pointer. */
export function Tip({
  active,
  payload,
  bucketMs,
  rows,
}: Partial<TooltipContentProps> & { bucketMs: number; rows: (bucket: Bucket) => [ReactNode, ReactNode][] }): ReactElement | null {
  const zone = useZone();
  const bucket = ownBucket(payload?.[0]?.payload);
  if (!active || !bucket) return null;
  const detail = bucketMs < 60_000 ? "second" : "minute";
  return (
    <div className="rounded-md border border-ink-3 bg-paper px-2 py-1 text-label shadow-md">
      <p className="text-ink-2">
        {formatClock(bucket.at, bucket.at, zone, detail)} – {formatClock(bucket.at + bucketMs, bucket.at, zone, detail)}
        {bucket.open && ", still filling"}
      </p>
      <dl className="grid grid-cols-[auto_auto] gap-x-4">
        {rows(bucket).map(([word, value], index) => (
          <div key={index} className="col-span-2 grid grid-cols-subgrid">
            <dt>{word}</dt>
            <dd className="text-right">{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
