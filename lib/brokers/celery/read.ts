import type { Redis } from "ioredis";
import { isReplyError } from "../../redis.ts";

type Command = [name: string, ...args: (string | number)[]];

/** Commands sent in one go. */
const AT_ONCE = 500;

/**
 * Replies of several commands, in their order; `WRONG_TYPE` where a key holds something else. Rejects when any of them
 * failed otherwise: a reply that is missing must not pass for an empty one.
 */
export async function replies(redis: Redis, commands: readonly Command[]): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const batch of batches(commands, AT_ONCE)) {
    const answers = await redis.pipeline(batch.map((command) => [...command])).exec();
    for (const [error, reply] of answers ?? []) all.push(orWrongType(error, reply));
  }
  if (all.length !== commands.length) throw new Error("Redis did not answer all commands");
  return all;
}

/** The reply of one command, or `WRONG_TYPE`. */
export async function reply<T>(asked: Promise<T>): Promise<T | typeof WRONG_TYPE> {
  try {
    return await asked;
  } catch (error) {
    if (isReplyError(error, "WRONGTYPE")) return WRONG_TYPE;
    throw error;
  }
}

/** Somebody else's key stands where Celery's should. */
export const WRONG_TYPE: unique symbol = Symbol("a key of another type");

function orWrongType(error: Error | null, reply: unknown): unknown {
  if (error === null) return reply;
  if (isReplyError(error, "WRONGTYPE")) return WRONG_TYPE;
  throw error;
}

/** Lists asked for at once whether any of them exists, and again in smaller groups where one does. */
const GROUPS = [200, 16];

/**
 * Lengths of those lists that hold anything, `WRONG_TYPE` for a key that is no list. An empty list does not exist, so many
 * are asked for in one command, but for those that are `likely` to hold something.
 */
export async function filledLists(
  redis: Redis,
  lists: readonly string[],
  isLikely: (list: string) => boolean,
): Promise<Map<string, number | typeof WRONG_TYPE>> {
  let unlikely = lists.filter((list) => !isLikely(list));
  for (const size of GROUPS) {
    const groups = batches(unlikely, size);
    const existing = await replies(
      redis,
      groups.map((group) => ["exists", ...group]),
    );
    unlikely = groups.filter((_, i) => existing[i] !== 0).flat();
  }
  const asked = [...lists.filter(isLikely), ...unlikely];
  const lengths = await replies(
    redis,
    asked.map((list) => ["llen", list]),
  );
  const filled = new Map<string, number | typeof WRONG_TYPE>();
  for (const [i, list] of asked.entries()) {
    const length = lengths[i];
    if (length === WRONG_TYPE || (typeof length === "number" && length > 0)) filled.set(list, length);
  }
  return filled;
}

export function batches<T>(items: readonly T[], size: number): T[][] {
  const all: T[][] = [];
  for (let at = 0; at < items.length; at += size) all.push(items.slice(at, at + size));
  return all;
}

const PAGE_BYTES = 512 * 1024;
const LONGEST_PAGE = 200;

/** Bytes that may still be read. */
export interface Budget {
  bytes: number;
}

/**
 * The messages of a list in pages, as long as the budget lasts. Messages can be of any size, so
 * the first page is one message, and the next are as long as those before were small.
 *
 * `newest` first is the way for finding something: while others come and go at the ends, a message only moves away from
 * that one, so it may be met twice, but is not passed over.
 */
export async function* pages(redis: Redis, list: string, first: "newest" | "oldest", budget: Budget, skip = 0): AsyncGenerator<string[]> {
  let from = skip;
  let length = 1;
  let bytes = 0;
  while (budget.bytes > 0) {
    const [start, stop] = first === "newest" ? [from, from + length - 1] : [-from - length, -from - 1];
    const raws = await reply(redis.lrange(list, start, stop));
    if (raws === WRONG_TYPE || raws.length === 0) return;
    for (const raw of raws) bytes += raw.length;
    budget.bytes -= raws.reduce((sum, raw) => sum + raw.length, 0);
    yield first === "newest" ? raws : raws.toReversed();
    if (raws.length < length) return;
    from += length;
    length = nextLength(from - skip, bytes);
  }
}

/** How many messages to read next, after so many had so many bytes. Redis does not tell the size of one. */
export function nextLength(count: number, bytes: number): number {
  return Math.max(1, Math.min(LONGEST_PAGE, Math.floor((PAGE_BYTES * count) / Math.max(1, bytes))));
}
