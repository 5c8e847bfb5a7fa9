import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import { isReplyError } from "../../redis.ts";
import { readEntries, type StreamEntry } from "./replies.ts";

// One consumer for whoever leads: what the former leader had taken and not acknowledged comes first to the next one.
const GROUP = "perennial";
const CONSUMER = "leader";
const COUNT = 500;
const WAIT_MS = 1_000;
const PAUSE_MS = 1_000;

/**
 * What others put into a stream, oldest first, in blocks: one field of each entry, empty where it is missing. A block is
 * acknowledged and deleted when the next one is asked for. Survives lost connections and a lost stream.
 */
export async function* drainStream(redis: Redis, key: string, field: string, signal: AbortSignal): AsyncGenerator<Buffer[]> {
  /** Those that were taken before and not acknowledged, then new ones. */
  let from: "0" | ">" = "0";
  while (!isAborted(signal)) {
    let entries: StreamEntry[];
    try {
      const reply = redis.callBuffer("XREADGROUP", "GROUP", GROUP, CONSUMER, "COUNT", COUNT, "BLOCK", WAIT_MS, "STREAMS", key, from);
      entries = readEntries(await reply);
    } catch (error) {
      if (isAborted(signal)) return;
      from = "0";
      if (!isReplyError(error, "NOGROUP") || !(await createGroup(redis, key))) await pause(signal);
      continue;
    }
    if (entries.length === 0) {
      from = ">";
      continue;
    }
    yield entries.map(({ fields }) => fields.get(field) ?? Buffer.alloc(0));
    const ids = entries.map(({ id }) => id);
    try {
      await redis
        .multi()
        .xack(key, GROUP, ...ids)
        .xdel(key, ...ids)
        .exec();
    } catch {
      if (isAborted(signal)) return;
      // They come again, and are known by their identity.
      from = "0";
      await pause(signal);
    }
  }
}

async function createGroup(redis: Redis, key: string): Promise<boolean> {
  try {
    await redis.xgroup("CREATE", key, GROUP, "0", "MKSTREAM");
    return true;
  } catch (error) {
    return isReplyError(error, "BUSYGROUP");
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
}

/** A function, because the compiler believes that a property keeps the value that it once had. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
