import type { ResultTuple } from "../../lib/wire/celery/result-tuple.ts";
import type { AnyResult, ResultActs } from "./any-result.ts";
import { AsyncResult } from "./async-result.ts";
import { GroupResult } from "./group-result.ts";

/** The result for which a tuple stands, with all that came before it. */
export function resultOf(tuple: ResultTuple, acts: ResultActs): AnyResult {
  if (tuple.members !== null) return new GroupResult(tuple, acts);
  return new AsyncResult(tuple.id, acts, tuple.parent === null ? null : resultOf(tuple.parent, acts));
}
