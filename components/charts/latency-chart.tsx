"use client";

import { type ReactElement, useMemo } from "react";
import { CartesianGrid, Line, LineChart, ReferenceArea, Tooltip, XAxis, YAxis } from "recharts";
import type { Series } from "../../lib/contract/series.ts";
import { formatDuration } from "../time/time.model.ts";
import { bucketsOf, labelRises } from "./chart.model.ts";
import { AXIS, CURSOR, MARGIN, Tip, useTimeAxis } from "./parts.tsx";
import { useDrag } from "./use-drag.ts";

const LINES = {
  wait: [
    { key: "waitP50Ms", word: "p50", ink: "var(--color-ink-3)", width: 1 },
    { key: "waitP95Ms", word: "p95", ink: "var(--color-ink)", width: 1.5 },
    { key: "waitP99Ms", word: "p99", ink: "var(--color-ink-2)", width: 1, dash: "2 2" },
  ],
  run: [
    { key: "runP50Ms", word: "p50", ink: "var(--color-ink-3)", width: 1 },
    { key: "runP95Ms", word: "p95", ink: "var(--color-ink)", width: 1.5 },
    { key: "runP99Ms", word: "p99", ink: "var(--color-ink-2)", width: 1, dash: "2 2" },
  ],
} as const;

/** Height of a label, and of the plot in a figure of the usual height. */
const LABEL_PX = 13;
const PLOT_PX = 116;

/** Percentiles of waiting or running: no state, so only ink. A bucket in which nothing ended is a gap. */
export function LatencyChart({ series, of }: { series: Series; of: "wait" | "run" }): ReactElement {
  const buckets = useMemo(() => bucketsOf(series), [series]);
  const axis = useTimeAxis(buckets, 5);
  const { drag, handlers } = useDrag(series.bucketMs);
  const ends = LINES[of].map(({ key }) => buckets.findLastIndex((bucket) => bucket[key] !== null));
  const top = Math.max(0, ...LINES[of].flatMap(({ key }) => buckets.map((bucket) => bucket[key] ?? 0)));
  const rises = labelRises(
    LINES[of].map(({ key }, line) => buckets[ends[line] ?? -1]?.[key] ?? 0),
    top,
    LABEL_PX / PLOT_PX,
  );
  return (
    <LineChart
      responsive
      width="100%"
      height="100%"
      data={buckets}
      margin={{ ...MARGIN, right: 32 }}
      syncId={CURSOR}
      syncMethod="value"
      {...handlers}
    >
      <CartesianGrid vertical={false} stroke="var(--color-line)" />
      <XAxis dataKey="at" {...AXIS} {...axis} interval={0} height={20} />
      <YAxis width={56} {...AXIS} tickFormatter={formatDuration} tickCount={4} domain={[0, "auto"]} />
      <Tooltip
        isAnimationActive={false}
        cursor={{ stroke: "var(--color-ink-3)" }}
        content={(props) => (
          <Tip
            {...props}
            bucketMs={series.bucketMs}
            rows={(bucket) =>
              LINES[of].toReversed().map(({ key, word }) => [word, bucket[key] === null ? "–" : formatDuration(bucket[key])])
            }
          />
        )}
      />
      {LINES[of].map(({ key, word, ink, width, ...line }, number) => {
        const end = ends[number];
        const rise = (rises[number] ?? 0) * PLOT_PX;
        return (
          <Line
            key={key}
            dataKey={key}
            stroke={ink}
            strokeWidth={width}
            {...("dash" in line && { strokeDasharray: line.dash })}
            dot={false}
            activeDot={{ r: 2.5, fill: ink, stroke: "none" }}
            isAnimationActive={false}
            label={({ index, x, y }) =>
              index === end ? (
                <text x={Number(x) + 4} y={Number(y) + 4 - rise} fontSize={12} fill={ink}>
                  {word}
                </text>
              ) : (
                <g />
              )
            }
          />
        );
      })}
      {drag && (
        <ReferenceArea x1={Math.min(drag.from, drag.to)} x2={Math.max(drag.from, drag.to)} fill="var(--color-ink)" fillOpacity={0.12} />
      )}
    </LineChart>
  );
}
