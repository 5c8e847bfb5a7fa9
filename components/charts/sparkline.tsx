import type { ReactElement } from "react";
import { sparkPath } from "./sparkline.model.ts";

/** How a number went over the window, 96 by 20. It says nothing that the row does not say in words. */
export function Sparkline({ points, label }: { points: readonly { at: number; depth: number }[]; label: string }): ReactElement {
  return (
    <svg viewBox="0 0 96 20" width="96" height="20" role="img" aria-label={label} className="inline-block align-middle text-ink-2">
      <path d={sparkPath(points, 96, 20)} fill="none" stroke="currentColor" strokeWidth="1.25" strokeLinejoin="round" />
    </svg>
  );
}
