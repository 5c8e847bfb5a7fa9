"use client";

import { useQueryClient } from "@tanstack/react-query";
import {
  createContext,
  type ReactElement,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { serverNow } from "../../lib/client/clock.ts";
import { type LiveStatus, listen } from "../../lib/client/live.ts";
import { useScope } from "../../lib/client/use-address.ts";

interface Live {
  status: LiveStatus | "paused";
  /** Since when it is so; epoch ms, null before the page has run. */
  since: number | null;
  toggle: () => void;
}

const LiveContext = createContext<Live>({ status: "connecting", since: null, toggle() {} });

/** Keeps one stream open for the page, except while it is paused or nobody sees the tab. */
export function LiveProvider({ children }: { children: ReactNode }): ReactElement {
  const cache = useQueryClient();
  const { broker } = useScope();
  const [paused, setPaused] = useState(false);
  const [stream, setStream] = useState<{ status: LiveStatus; since: number | null }>({ status: "connecting", since: null });
  const [pausedAt, setPausedAt] = useState<number | null>(null);
  const visible = useSyncExternalStore(onVisibility, isVisible, () => true);
  const stopped = useRef(false);

  useEffect(() => {
    if (paused || !visible) return;
    const stop = listen(cache, broker, stopped.current, (status) =>
      setStream((before) => (before.status === status && before.since !== null ? before : { status, since: serverNow() })),
    );
    stopped.current = false;
    return () => {
      stopped.current = true;
      stop();
    };
  }, [cache, broker, paused, visible]);

  const live = useMemo<Live>(
    () => ({
      status: paused ? "paused" : stream.status,
      since: paused ? pausedAt : stream.since,
      toggle() {
        setPaused(!paused);
        setPausedAt(serverNow());
      },
    }),
    [paused, pausedAt, stream],
  );
  return <LiveContext value={live}>{children}</LiveContext>;
}

export function useLive(): Live {
  return useContext(LiveContext);
}

function onVisibility(listener: () => void): () => void {
  document.addEventListener("visibilitychange", listener);
  return () => document.removeEventListener("visibilitychange", listener);
}

function isVisible(): boolean {
  return document.visibilityState === "visible";
}
