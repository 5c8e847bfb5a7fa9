/**
 * The server's clock, as this tab knows it. Ages are counted by it, because a laptop's clock may be minutes off, and
 * "in the future" helps nobody.
 */
let offsetMs = 0;

/** The server says that it is `at` there. */
export function syncClock(at: number): void {
  offsetMs = at - Date.now();
}

/** Epoch ms by the server's clock. */
export function serverNow(): number {
  return Date.now() + offsetMs;
}

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** Calls back once a second; all callers share one timer. */
export function everySecond(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    for (const each of listeners) each();
  }, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
