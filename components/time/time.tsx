"use client";

import type { ReactElement } from "react";
import { useNow, useZone } from "./clock.tsx";
import { type ClockDetail, durationOf, formatAge, formatClock, formatIso } from "./time.model.ts";

/** A moment: how long ago, and on hover when exactly. */
export function Age({ at, suffix = "" }: { at: number; suffix?: string }): ReactElement {
  const zone = useZone();
  const age = useNow((now) => (at > now + 999 ? `in ${formatAge(at - now)}` : `${formatAge(now - at)}${suffix}`));
  const title = useNow((now) => `${formatClock(at, now, zone, "millisecond")} ${zone}\n${formatIso(at)}`);
  return (
    <time dateTime={formatIso(at)} title={title}>
      {age}
    </time>
  );
}

/** A moment by the clock on the wall, on hover with zone and in UTC. */
export function ClockTime({ at, detail = "second" }: { at: number; detail?: ClockDetail }): ReactElement {
  const zone = useZone();
  const text = useNow((now) => formatClock(at, now, zone, detail));
  return (
    <time dateTime={formatIso(at)} title={`${zone}\n${formatIso(at)}`} className="whitespace-nowrap">
      {text}
    </time>
  );
}

/** Both: `36 m ago · 22:21:47`. */
export function AgeAndTime({ at }: { at: number }): ReactElement {
  return (
    <span className="whitespace-nowrap">
      <Age at={at} suffix=" ago" />
      <span className="text-ink-2"> · </span>
      <ClockTime at={at} />
    </span>
  );
}

/** A duration, its unit lighter than its digits. */
export function Duration({ ms }: { ms: number }): ReactElement {
  const { digits, unit } = durationOf(ms);
  return (
    <span className="whitespace-nowrap" title={`${Math.round(ms * 1000) / 1000} ms`}>
      {digits}
      {unit && <span className="text-ink-2"> {unit}</span>}
    </span>
  );
}
