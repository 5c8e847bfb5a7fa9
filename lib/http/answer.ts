import type { z } from "zod";
import { AppError } from "../errors.ts";
import { problemOf } from "./status.ts";

/** Nobody but the asker may keep an answer, and not even he for long: everything here is about now. */
const HEADERS = { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" };

export function jsonAnswer(body: unknown, status = 200): Response {
  return Response.json(body, { status, headers: HEADERS });
}

/** Runs what makes the answer; what it throws becomes an answer too. A fault of ours is logged here, once, and nowhere else. */
export async function answering(request: Request, make: () => Promise<Response>): Promise<Response> {
  try {
    return await make();
  } catch (error) {
    const problem = problemOf(error);
    // Neither the query nor the body: both may hold what a task was called with.
    if (!problem.expected) console.error(`${request.method} ${new URL(request.url).pathname} failed:`, error);
    return jsonAnswer(problem.body, problem.status);
  }
}

/** Input as its schema reads it, or `bad-input` with every reason in one line. */
export function checked<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const reasons = parsed.error.issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`));
  throw new AppError("bad-input", reasons.join("; "));
}
