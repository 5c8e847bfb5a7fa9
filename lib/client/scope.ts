import type { Scope, WindowName } from "../contract/common.ts";

/** The windows that can be chosen, in ms. */
export const WINDOW_MS = {
  "5m": 300_000,
  "15m": 900_000,
  "1h": 3_600_000,
  "6h": 21_600_000,
  "24h": 86_400_000,
  "7d": 604_800_000,
} as const satisfies Record<WindowName, number>;

export const WINDOW_NAMES = ["5m", "15m", "1h", "6h", "24h", "7d"] as const satisfies readonly WindowName[];

export const DEFAULT_WINDOW: WindowName = "1h";

/** The begin of a window that reaches back as far as the log does. */
export const ALL_FROM = 0;

/** Broker and time window as the address says them. What is no window or no time is left out, so nonsense becomes the default. */
export function readScope(params: URLSearchParams): Scope {
  const broker = params.get("broker") ?? "";
  const window = WINDOW_NAMES.find((name) => name === params.get("window"));
  const from = readNumber(params.get("from"));
  const to = readNumber(params.get("to"));
  return {
    ...(broker !== "" && { broker }),
    ...(from === undefined && to === undefined ? { window: window ?? DEFAULT_WINDOW } : {}),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  };
}

/** The scope for whatever is drawn over time: "all that is kept" has no width, so there it means the longest sliding window. */
export function bounded(scope: Scope): Scope {
  if (scope.from !== ALL_FROM || scope.to !== undefined) return scope;
  return { ...(scope.broker !== undefined && { broker: scope.broker }), window: "7d" };
}

/** The part of an address that every link of ours carries on. */
export function scopeParams(params: URLSearchParams): URLSearchParams {
  const kept = ["broker", "window", "from", "to"].flatMap((name) => params.getAll(name).map((value) => [name, value]));
  return new URLSearchParams(kept);
}

export function readNumber(text: string | null): number | undefined {
  if (text === null || text.trim() === "") return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/** Changes to the parameters of an address; null takes one away. */
export type Patch = Record<string, string | number | readonly string[] | null>;

export function patched(params: URLSearchParams, patch: Patch): URLSearchParams {
  const next = new URLSearchParams(params);
  for (const [name, value] of Object.entries(patch)) {
    next.delete(name);
    if (value === null) continue;
    for (const each of [value].flat()) next.append(name, String(each));
  }
  return next;
}

/** The patch that chooses a sliding window. The default needs no words. */
export function windowPatch(window: WindowName): Patch {
  return { window: window === DEFAULT_WINDOW ? null : window, from: null, to: null };
}

/** The patch that chooses two fixed moments. */
export function rangePatch(from: number, to: number): Patch {
  return { window: null, from: Math.floor(from), to: Math.ceil(to) };
}

/** The patch that moves the window by half of its length; one that would reach beyond now ends at now and slides again if it can. */
export function shiftPatch(scope: Scope, direction: -1 | 1, now: number): Patch {
  const to = scope.to ?? now;
  const from = scope.from ?? to - WINDOW_MS[scope.window ?? DEFAULT_WINDOW];
  if (scope.from === ALL_FROM || (direction === 1 && scope.window !== undefined)) return {};
  const length = to - from;
  const moved = to + (direction * length) / 2;
  // Time has passed since the window was moved away from now.
  if (moved < now - length / 20) return rangePatch(moved - length, moved);
  const sliding = WINDOW_NAMES.find((name) => Math.abs(WINDOW_MS[name] - length) < 1_000);
  return sliding ? windowPatch(sliding) : rangePatch(now - length, now);
}
