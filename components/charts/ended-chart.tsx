"use client";

import { type ReactElement, useMemo } from "react";
import { Bar, BarChart, type BarShapeProps, CartesianGrid, ReferenceArea, Tooltip, XAxis, YAxis } from "recharts";
import type { Series } from "../../lib/contract/series.ts";
import { StateMark } from "../state/state-mark.tsx";
import { formatCount } from "../ui/number.model.ts";
import { bucketsOf, type Ended, ENDED } from "./chart.model.ts";
import { ENDED_LOOKS } from "./ended-looks.ts";
import { AXIS, CURSOR, MARGIN, ownBucket, Tip, useTimeAxis } from "./parts.tsx";
import { useDrag } from "./use-drag.ts";

/** How many tasks ended in which way, stacked. Failure is at the top and hatched, so that it can be told without colour. */
export function EndedChart({ series }: { series: Series }): ReactElement {
  const buckets = useMemo(() => bucketsOf(series), [series]);
  const axis = useTimeAxis(buckets, 8);
  const { drag, handlers } = useDrag(series.bucketMs);
  return (
    <BarChart
      responsive
      width="100%"
      height="100%"
      data={buckets}
      margin={MARGIN}
      barCategoryGap={0}
      syncId={CURSOR}
      syncMethod="value"
      {...handlers}
    >
      <defs>
        <pattern id="hatch-failed" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width="4" height="4" fill="var(--color-failure)" />
          <rect width="1" height="4" fill="var(--color-paper)" />
        </pattern>
      </defs>
      <CartesianGrid vertical={false} stroke="var(--color-line)" />
      <XAxis dataKey="at" {...AXIS} {...axis} interval={0} height={20} />
      <YAxis width={40} {...AXIS} tickFormatter={formatCount} tickCount={4} allowDecimals={false} />
      <Tooltip
        isAnimationActive={false}
        cursor={{ fill: "var(--color-ink)", fillOpacity: 0.08 }}
        content={(props) => (
          <Tip
            {...props}
            bucketMs={series.bucketMs}
            rows={(bucket) =>
              ENDED.toReversed().flatMap((key) =>
                bucket[key] ? [[<StateMark key="" state={ENDED_LOOKS[key].state} />, formatCount(bucket[key])]] : [],
              )
            }
          />
        )}
      />
      {ENDED.map((key) => (
        <Bar key={key} dataKey={key} stackId="ended" isAnimationActive={false} shape={(piece) => <Piece {...piece} of={key} />} />
      ))}
      {drag && (
        <ReferenceArea x1={Math.min(drag.from, drag.to)} x2={Math.max(drag.from, drag.to)} fill="var(--color-ink)" fillOpacity={0.12} />
      )}
    </BarChart>
  );
}

/** Success is pale under an edge, so that a healthy hour is quiet; a bucket that still fills is dashed. */
function Piece({ x, y, width, height, payload, of }: BarShapeProps & { of: Ended }): ReactElement | null {
  if (height <= 0 || width <= 0) return null;
  const bucket = ownBucket(payload);
  const { fill } = ENDED_LOOKS[of];
  const gap = width > 3 ? 1 : 0;
  const box = { x, y, width: width - gap, height };
  if (bucket?.open) return <rect {...box} fill={fill} fillOpacity={0.2} stroke={fill} strokeDasharray="2 2" />;
  if (of !== "succeeded") return <rect {...box} fill={of === "failed" ? "url(#hatch-failed)" : fill} />;
  return (
    <g>
      <rect {...box} fill={fill} fillOpacity={0.3} />
      <rect {...box} height={Math.min(1.5, height)} fill={fill} />
    </g>
  );
}
