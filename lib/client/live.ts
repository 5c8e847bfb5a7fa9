import type { QueryClient } from "@tanstack/react-query";
import type { LiveMessage } from "../contract/series.ts";
import { ApiError } from "./api.ts";
import { syncClock } from "./clock.ts";
import { href } from "./href.ts";
import { due, EVERYTHING, type Noun, note, NOTHING, type Pending } from "./live.model.ts";

/** `broken`: the stream ended or never began; it is tried again, and answers are refreshed at each try. */
export type LiveStatus = "connecting" | "live" | "broken";

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;

/**
 * Listens to what changes at a broker and marks the answers concerned as stale, so that those on the screen are asked
 * again. Returns the way to stop. The browser's own reconnecting gives up at the first answer that is no stream, so
 * this does it itself. `behind`: nobody has listened for a while, so everything is asked again at once.
 */
export function listen(
  cache: QueryClient,
  broker: string | undefined,
  behind: boolean,
  onStatus: (status: LiveStatus) => void,
): () => void {
  const refreshed: Partial<Record<Noun, number>> = {};
  let pending: Pending = NOTHING;
  let flushTimer: ReturnType<typeof setTimeout> | undefined;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let waitMs = FIRST_WAIT_MS;
  let stream: EventSource | undefined;
  let wasOpen = false;

  const flush = (): void => {
    flushTimer = undefined;
    const now = performance.now();
    const { now: ready, nextInMs } = due(pending, refreshed, now);
    for (const noun of ready) {
      refreshed[noun] = now;
      refresh(cache, noun, pending);
    }
    const dirty = new Set([...pending.dirty].filter((noun) => !ready.includes(noun)));
    pending = { dirty, tasks: ready.includes("task") ? NOTHING.tasks : pending.tasks };
    if (nextInMs !== null) flushTimer = setTimeout(flush, nextInMs);
  };

  const change = (next: Pending): void => {
    pending = next;
    if (flushTimer === undefined) flush();
  };

  const connect = (): void => {
    stream = new EventSource(href(`/api/v1/live${broker === undefined ? "" : `?broker=${encodeURIComponent(broker)}`}`));
    stream.addEventListener("open", () => {
      onStatus("live");
      waitMs = FIRST_WAIT_MS;
      if (wasOpen) change(EVERYTHING);
      wasOpen = true;
    });
    stream.addEventListener("message", (event: MessageEvent<string>) => {
      const message = readMessage(event.data);
      if (!message) return;
      syncClock(message.at);
      change(note(pending, message));
    });
    stream.addEventListener("error", () => {
      stream?.close();
      onStatus("broken");
      wasOpen = true;
      retryTimer = setTimeout(
        () => {
          change(EVERYTHING);
          connect();
        },
        waitMs * (0.75 + Math.random() / 2),
      );
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    });
  };

  onStatus("connecting");
  if (behind) change(EVERYTHING);
  connect();
  return () => {
    stream?.close();
    clearTimeout(flushTimer);
    clearTimeout(retryTimer);
  };
}

function refresh(cache: QueryClient, noun: Noun, pending: Pending): void {
  void cache.invalidateQueries(
    {
      queryKey: [noun],
      predicate: ({ queryKey, state }) =>
        !(state.error instanceof ApiError && state.error.status === 400) &&
        (noun !== "task" || pending.tasks === null || pending.tasks.has(String(queryKey[1]))),
    },
    // A slow answer is not thrown away because the next change has come.
    { cancelRefetch: false },
  );
}

/** Our own server sends nothing else; what another one in between may send is no message. */
function readMessage(text: string): LiveMessage | undefined {
  try {
    const message = JSON.parse(text) as LiveMessage;
    return typeof message.at === "number" ? message : undefined;
  } catch {
    return undefined;
  }
}
