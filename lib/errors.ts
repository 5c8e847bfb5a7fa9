/** Expected failures have one of these codes; callers look at the code, never at the class, which bundlers duplicate. */
export type ErrorCode =
  | "bad-input" // the caller's fault; 400
  | "not-found" // 404
  | "conflict" // cannot be done to this thing now; 409
  | "refused" // not allowed; 403
  | "unavailable" // Redis or the worker does not answer; 503
  | "fenced"; // another replica leads

export class AppError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AppError";
    this.code = code;
  }
}

/** The code of an expected failure, or undefined for a fault of ours. */
export function errorCode(error: unknown): ErrorCode | undefined {
  return error instanceof Error && error.name === "AppError" && "code" in error ? (error.code as ErrorCode) : undefined;
}

/** The sentence of any thrown thing. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
