import { type ErrorCode, errorCode, reasonOf } from "../errors.ts";
import type { Problem } from "../contract/common.ts";

type ProblemCode = Problem["error"]["code"];

/** `fenced` never reaches a caller who knows what he did; another replica leads, so asking again will do. */
const ANSWERS: Record<ErrorCode, { status: number; code: ProblemCode }> = {
  "bad-input": { status: 400, code: "bad-input" },
  refused: { status: 403, code: "refused" },
  "not-found": { status: 404, code: "not-found" },
  conflict: { status: 409, code: "conflict" },
  unavailable: { status: 503, code: "unavailable" },
  fenced: { status: 503, code: "unavailable" },
};

/** Status and body of an answer that is not a success. What was not expected is told to nobody outside. */
export function problemOf(error: unknown): { status: number; body: Problem; expected: boolean } {
  const code = errorCode(error);
  const answer = code === undefined ? undefined : ANSWERS[code];
  if (answer === undefined) {
    const message = "Something went wrong inside Perennial; its log says what.";
    return { status: 500, body: { error: { code: "internal", message } }, expected: false };
  }
  return { status: answer.status, body: { error: { code: answer.code, message: reasonOf(error) } }, expected: true };
}
