import { TaskFailed } from "../errors.ts";
import type { AnyResult, GetOptions } from "./any-result.ts";

/** A failure before a result may end everything without a word about it here: how often that is looked for. */
const LOOK_MS = 1_000;

/**
 * Waits for a result with a signal that fires when the caller's does, when the time is over, or when something before it has failed.
 * Rejects with that failure, unless failures are not to be thrown.
 */
export async function whileParentsHold<T>(result: AnyResult, options: GetOptions, wait: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const { timeout, signal, propagate = true } = options;
  const over = new AbortController();
  const time = timeout === undefined ? [] : [AbortSignal.timeout(timeout)];
  const look = propagate && result.parent !== null ? setInterval(() => void abortOnFailure(result, over), LOOK_MS) : undefined;
  try {
    return await wait(AbortSignal.any([over.signal, ...(signal === undefined ? [] : [signal]), ...time]));
  } catch (error) {
    if (over.signal.reason instanceof TaskFailed) throw over.signal.reason;
    throw error;
  } finally {
    clearInterval(look);
    over.abort();
  }
}

async function abortOnFailure(result: AnyResult, over: AbortController): Promise<void> {
  for (const parent of parentsOf(result)) {
    const failure = await parent.failure().catch(() => null); // asked again when Redis answers
    if (failure !== null) over.abort(failure);
  }
}

/** From the first to the last. */
function parentsOf(result: AnyResult): AnyResult[] {
  const parents: AnyResult[] = [];
  for (let parent = result.parent; parent !== null; parent = parent.parent) parents.unshift(parent);
  return parents;
}
