import { jsonAnswer } from "../../lib/http/answer.ts";

/** Whether the process answers at all. Nothing else: restarting us mends no Redis. */
export function GET(_request: Request): Response {
  return jsonAnswer({ ok: true });
}
