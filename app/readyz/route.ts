import { answering, jsonAnswer } from "../../lib/http/answer.ts";
import { sharedMonitor } from "../../lib/http/shared.ts";
import { readiness } from "../../lib/queries/readiness.ts";

export function GET(request: Request): Promise<Response> {
  return answering(request, async () => {
    const answer = readiness(sharedMonitor());
    return jsonAnswer(answer, answer.isReady ? 200 : 503);
  });
}
