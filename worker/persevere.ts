import { setTimeout as delay } from "node:timers/promises";
import { errorCode, reasonOf } from "../lib/errors.ts";
import { isReplyError } from "../lib/redis.ts";
import type { Log } from "./log.ts";

const FIRST_MS = 50;
const LONGEST_MS = 2_000;

/** A server that says this will do what is asked a little later. */
const PASSING = "LOADING|READONLY|MASTERDOWN|BUSY|TRYAGAIN|CLUSTERDOWN|OOM";

/**
 * Does work on Redis until it is done: a lost connection is waited out. The work must be such that doing it twice is the same as
 * once, because a reply can get lost. Rejects with what Redis refuses for good, or with the signal's reason.
 */
export async function persevere<T>(work: () => Promise<T>, log: Log, signal?: AbortSignal): Promise<T> {
  for (let waitMs = FIRST_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_MS)) {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (waitMs > FIRST_MS) log({ level: "warning", text: "Redis does not answer, trying again", about: { reason: reasonOf(error) } });
      await delay(waitMs * (0.5 + Math.random() / 2), undefined, signal === undefined ? {} : { signal });
    }
  }
}

/** Lost connections, and what a server says that is not ready; not what it refuses, and no fault of ours. */
function isPassing(error: unknown): boolean {
  const cause = errorCode(error) === "unavailable" && error instanceof Error ? (error.cause ?? error) : error;
  if (cause instanceof Error && cause.name === "ReplyError") return isReplyError(cause, PASSING);
  if (errorCode(error) !== undefined) return errorCode(error) === "unavailable";
  return !(cause instanceof TypeError);
}
