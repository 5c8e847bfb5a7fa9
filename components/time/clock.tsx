"use client";

import { createContext, type ReactElement, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from "react";
import { everySecond, serverNow, syncClock } from "../../lib/client/clock.ts";
import { ZONE_COOKIE } from "./zone-cookie.ts";

interface FirstClock {
  /** When the server rendered the page; the first render in the browser uses it too, so that both agree. */
  now: number;
  zone: string;
}

const Clock = createContext<FirstClock>({ now: 0, zone: "UTC" });

/** Gives the page its clock: the server's `now`, and the reader's zone as the cookie of an earlier visit tells it. */
export function ClockProvider({ now, zone, children }: FirstClock & { children: ReactNode }): ReactElement {
  const [first] = useState({ now, zone });
  useEffect(() => {
    syncClock(first.now);
    document.cookie = `${ZONE_COOKIE}=${encodeURIComponent(localZone())}; path=/; max-age=31536000; samesite=lax`;
  }, [first]);
  return <Clock value={first}>{children}</Clock>;
}

/** A text that follows the clock. It renders again only when the text is another one. */
export function useNow<T extends string | number | boolean>(of: (now: number) => T): T {
  const first = useContext(Clock).now;
  return useSyncExternalStore(
    everySecond,
    () => of(serverNow()),
    () => of(first),
  );
}

/** The reader's time zone, by its IANA name. */
export function useZone(): string {
  const first = useContext(Clock).zone;
  return useSyncExternalStore(never, localZone, () => first);
}

function localZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function never(): () => void {
  return () => {};
}
