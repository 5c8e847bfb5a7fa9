import type { TaskOptions } from "./task-options.ts";

const LONGEST_BACKOFF = 600;

/** Whether a task shall run again because of this error, and after how many seconds (Celery 5.7, `app/autoretry.py`). */
export function autoretryDelay(options: Readonly<TaskOptions>, error: unknown, retries: number, random = Math.random): number | null {
  const { retryBackoff = false, dontAutoretryFor = [] } = options;
  const classes = options.autoretryFor ?? (retryBackoff === false ? [] : [Error]);
  if (!classes.some((one) => error instanceof one) || dontAutoretryFor.some((one) => error instanceof one)) return null;
  if (retryBackoff === false) return options.defaultRetryDelay ?? 180;
  const factor = retryBackoff === true ? 1 : retryBackoff;
  const longest = Math.min(options.retryBackoffMax ?? LONGEST_BACKOFF, factor * 2 ** retries);
  return (options.retryJitter ?? true) ? Math.floor(random() * (longest + 1)) : longest;
}
