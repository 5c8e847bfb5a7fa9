"use client";

import type { ReactElement } from "react";
import { serverNow } from "../../lib/client/clock.ts";
import { ALL_FROM, DEFAULT_WINDOW, rangePatch, shiftPatch, WINDOW_NAMES, windowPatch } from "../../lib/client/scope.ts";
import { changeAddress, useChosenScope } from "../../lib/client/use-address.ts";
import { useNow, useZone } from "../time/clock.tsx";
import { formatClock } from "../time/time.model.ts";
import { Button } from "../ui/button.tsx";
import { useKeys } from "./use-keys.ts";

const WORDS: Record<(typeof WINDOW_NAMES)[number], string> = {
  "5m": "Last 5 minutes",
  "15m": "Last 15 minutes",
  "1h": "Last hour",
  "6h": "Last 6 hours",
  "24h": "Last 24 hours",
  "7d": "Last 7 days",
};

/** The one time window of the page: sliding, two moments, or everything that is kept. */
export function WindowPicker(): ReactElement {
  const scope = useChosenScope();
  const zone = useZone();
  const { from, to } = scope;
  const range = useNow((now) => {
    if (from === undefined && to === undefined) return "";
    if (from === ALL_FROM && to === undefined) return "";
    const begin = from === undefined ? "…" : formatClock(from, now, zone, "minute");
    return `${begin} – ${to === undefined ? "now" : formatClock(to, now, zone, "minute")}`;
  });
  const chosen = range !== "" ? "range" : from === ALL_FROM ? "all" : (scope.window ?? DEFAULT_WINDOW);
  const shift = (direction: -1 | 1): void => changeAddress(shiftPatch(scope, direction, serverNow()));
  useKeys({ "[": () => shift(-1), "]": () => shift(1) });

  return (
    <div className="flex items-center" role="group" aria-label="Time window">
      <Button kind="quiet" className="px-1.5 max-md:hidden" onClick={() => shift(-1)} aria-label="Earlier" title="Earlier ([)">
        ‹
      </Button>
      <select
        aria-label="Time window"
        value={chosen}
        onChange={({ target: { value } }) => {
          const window = WINDOW_NAMES.find((name) => name === value);
          if (window) changeAddress(windowPatch(window));
          else if (value === "all") changeAddress({ window: null, from: ALL_FROM, to: null });
        }}
        className="h-(--row) rounded-md border border-transparent bg-paper text-table hover:bg-paper-2"
      >
        {WINDOW_NAMES.map((name) => (
          <option key={name} value={name}>
            {WORDS[name]}
          </option>
        ))}
        <option value="all">All that is kept</option>
        {range !== "" && <option value="range">{range}</option>}
      </select>
      <Button kind="quiet" className="px-1.5 max-md:hidden" onClick={() => shift(1)} aria-label="Later" title="Later (])">
        ›
      </Button>
    </div>
  );
}

/** Makes two moments of a chart the window of the page. */
export function chooseRange(from: number, to: number): void {
  changeAddress(rangePatch(from, to));
}
