"use client";

import type { ReactElement } from "react";
import type { Attempt } from "../../lib/contract/task.ts";
import { HUE_TEXT } from "../state/mark.tsx";
import { appearanceOf } from "../state/state.model.ts";
import { useNow } from "../time/clock.tsx";
import { formatDuration } from "../time/time.model.ts";
import { ClockTime } from "../time/time.tsx";
import { spanOfStretches, type Stretch, stretchesOf } from "./attempts.model.ts";

const WORDS: Record<Stretch["kind"], string> = { wait: "wait", delay: "retry in", run: "run" };

/** The task's life on one line: grey waits, dotted delays, runs in the hue of how they ended. */
export function AttemptsBar({ attempts }: { attempts: Attempt[] }): ReactElement | null {
  const now = useNow((at) => (attempts.at(-1)?.endedAt == null ? at - (at % 1_000) : 0));
  const stretches = stretchesOf(attempts, now);
  const span = spanOfStretches(stretches);
  if (!span) return null;
  const percent = (ms: number): number => (ms / (span.to - span.from)) * 100;
  return (
    <figure aria-label="Timeline of the attempts" className="text-label">
      <div className="relative h-7 border-x">
        {stretches.map((stretch) => {
          const width = percent(stretch.to - stretch.from);
          const words = `${WORDS[stretch.kind]} ${formatDuration(stretch.to - stretch.from)}`;
          return (
            <div
              key={`${stretch.attempt} ${stretch.kind}`}
              title={`Attempt ${stretch.attempt + 1}: ${words}${stretch.open ? " so far" : ""}`}
              className={`absolute inset-y-0 min-w-0.5 forced-color-adjust-none border-r border-paper ${LOOKS[stretch.kind]} ${stretch.kind === "run" ? HUE_TEXT[appearanceOf(stretch).hue] : ""}`}
              style={{ left: `${percent(stretch.from - span.from)}%`, width: `${width}%` }}
            >
              <span
                className={`clip block px-1.5 leading-7 ${stretch.kind === "run" ? "text-paper" : "text-ink-2"} ${width < 8 ? "sr-only" : ""}`}
              >
                {words}
              </span>
            </div>
          );
        })}
      </div>
      <figcaption className="flex justify-between pt-1 text-ink-2">
        <ClockTime at={span.from} detail="millisecond" />
        <ClockTime at={span.to} detail="millisecond" />
      </figcaption>
    </figure>
  );
}

const LOOKS: Record<Stretch["kind"], string> = {
  wait: "bg-line",
  delay: "border-y border-y-ink-3 border-dashed",
  run: "bg-current",
};
