import type { ReactElement } from "react";
import type { Appearance, Hue, Shape } from "./state.model.ts";

/** Text in a state's hue. Only for shapes and for words of states that are loud: the others do not all reach 4.5:1. */
export const HUE_TEXT: Record<Hue, string> = {
  queued: "text-queued",
  received: "text-received",
  running: "text-running",
  success: "text-success",
  failure: "text-failure",
  retry: "text-retry",
  revoked: "text-revoked",
  rejected: "text-rejected",
};

/** A state as its 14 px shape and its word. The word can be left to screen readers where a heading says it already. */
export function Mark({
  look,
  tag,
  inferred = false,
  compact = false,
}: {
  look: Appearance;
  tag?: string | null;
  inferred?: boolean;
  compact?: boolean;
}): ReactElement {
  const title = [look.meaning, tag, inferred ? "concluded, not told" : null].filter(Boolean).join("; ");
  return (
    <span className="inline-flex min-w-0 items-center gap-1.5 align-middle whitespace-nowrap" title={title}>
      <MarkShape shape={look.shape} hue={look.hue} />
      <span
        className={
          compact
            ? "sr-only"
            : `clip ${look.loud ? HUE_TEXT[look.hue] : ""} ${inferred ? "underline decoration-ink-3 decoration-dotted underline-offset-3" : ""}`
        }
      >
        <bdi>{look.word}</bdi>
        {inferred && <span className="sr-only"> (concluded, not told)</span>}
      </span>
    </span>
  );
}

export function MarkShape({ shape, hue }: { shape: Shape; hue: Hue }): ReactElement {
  return (
    <svg
      viewBox="0 0 14 14"
      width="14"
      height="14"
      className={`shrink-0 ${HUE_TEXT[hue]}`}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden
    >
      {SHAPES[shape]}
    </svg>
  );
}

const ring = <circle cx="7" cy="7" r="5.25" />;

const SHAPES: Record<Shape, ReactElement> = {
  hollow: ring,
  unknown: (
    <>
      <circle cx="7" cy="7" r="5.25" strokeDasharray="1.9 2.22" />
      <path d="M5.8 5.7a1.25 1.25 0 1 1 1.9 1.1c-.5.3-.7.5-.7 1M7 9.6v.05" strokeWidth="1.2" />
    </>
  ),
  clock: (
    <>
      {ring}
      <path d="M7 4.2V7l1.9 1.2" />
    </>
  ),
  half: (
    <>
      {ring}
      <path d="M7 1.75a5.25 5.25 0 0 1 0 10.5z" fill="currentColor" stroke="none" />
    </>
  ),
  play: (
    <>
      {ring}
      <path d="M5.6 4.6v4.8L9.6 7z" fill="currentColor" stroke="none" />
    </>
  ),
  check: (
    <>
      {ring}
      <path d="m4.7 7.2 1.6 1.6 3-3.5" />
    </>
  ),
  "check-again": (
    <>
      <path d="M11.9 5.2A5.25 5.25 0 1 0 12.2 7.6M12.3 2.6v2.7H9.6" />
      <path d="m4.7 7.2 1.6 1.6 2.6-3" />
    </>
  ),
  loop: <path d="M11.9 5.2A5.25 5.25 0 1 0 12.2 7.6M12.3 2.4v2.9H9.4" />,
  cross: (
    <>
      <circle cx="7" cy="7" r="6" fill="currentColor" stroke="none" />
      <path d="m5 5 4 4m0-4-4 4" className="stroke-paper" />
    </>
  ),
  "cross-bar": (
    <>
      <rect x="1.2" y="1.2" width="11.6" height="11.6" rx="1.5" fill="currentColor" stroke="none" />
      <path d="m5 4 4 4m0-4L5 8M4 10.6h6" className="stroke-paper" />
    </>
  ),
  "no-entry": (
    <>
      {ring}
      <path d="m3.4 3.4 7.2 7.2" />
    </>
  ),
  slash: (
    <>
      <rect x="1.9" y="1.9" width="10.2" height="10.2" rx="1" />
      <path d="m3 11 8-8" />
    </>
  ),
  broken: <path d="M5.2 2.1A5.25 5.25 0 0 0 3.1 10.5M8.8 11.9a5.25 5.25 0 0 0 2.1-8.4M7.9 1.4 6.1 5.6h2.4l-2.2 6.6" />,
  minus: (
    <>
      {ring}
      <path d="M4.8 7h4.4" />
    </>
  ),
  dot: <circle cx="7" cy="7" r="4" fill="currentColor" stroke="none" />,
  triangle: (
    <>
      <path d="M7 1.9 12.6 12H1.4z" />
      <path d="M7 5.6v2.9M7 10.3v.05" />
    </>
  ),
  pause: (
    <>
      <rect x="1.2" y="1.2" width="11.6" height="11.6" rx="1.5" fill="currentColor" stroke="none" />
      <path d="M5.3 4.6v4.8m3.4-4.8v4.8" className="stroke-paper" />
    </>
  ),
};
