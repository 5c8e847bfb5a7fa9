"use client";

import { QueryClientProvider } from "@tanstack/react-query";
import { type ReactElement, type ReactNode, useState } from "react";
import { newQueryClient } from "../../lib/client/query-client.ts";
import { ClockProvider } from "../time/clock.tsx";
import { LiveProvider } from "./live.tsx";

/** What every component of a page may ask for: the cache of answers, the clock, the live stream. */
export function Providers({ now, zone, children }: { now: number; zone: string; children: ReactNode }): ReactElement {
  const [cache] = useState(newQueryClient);
  return (
    <QueryClientProvider client={cache}>
      <ClockProvider now={now} zone={zone}>
        <LiveProvider>{children}</LiveProvider>
      </ClockProvider>
    </QueryClientProvider>
  );
}
