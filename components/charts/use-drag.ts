"use client";

import { useState } from "react";
import { chooseRange } from "../layout/window-picker.tsx";
import { dragged } from "./chart.model.ts";

interface Under {
  activeLabel?: string | number | undefined;
}

interface Drag {
  from: number;
  to: number;
}

/** Dragging over a chart makes what was dragged over the time window of the page. */
export function useDrag(bucketMs: number): {
  drag: Drag | null;
  handlers: Record<"onMouseDown" | "onMouseMove" | "onMouseUp", (under: Under) => void> & { onMouseLeave: () => void };
} {
  const [drag, setDrag] = useState<Drag | null>(null);
  return {
    drag,
    handlers: {
      onMouseDown({ activeLabel }) {
        const at = Number(activeLabel);
        if (Number.isFinite(at)) setDrag({ from: at, to: at });
      },
      onMouseMove({ activeLabel }) {
        const at = Number(activeLabel);
        if (drag && Number.isFinite(at) && at !== drag.to) setDrag({ ...drag, to: at });
      },
      onMouseUp() {
        // A click is no range: it happens when one only wants to look.
        if (drag && drag.from !== drag.to) {
          const { from, to } = dragged(drag.from, drag.to, bucketMs);
          chooseRange(from, to);
        }
        setDrag(null);
      },
      onMouseLeave: () => setDrag(null),
    },
  };
}
