import { sharedMonitor } from "../../lib/http/shared.ts";
import { answering } from "../../lib/http/answer.ts";
import { METRICS_TYPE, metricsText } from "../../lib/metrics/metrics-text.ts";

export function GET(request: Request): Promise<Response> {
  return answering(request, async () => {
    const text = await metricsText(sharedMonitor(), Date.now());
    return new Response(text, { headers: { "Content-Type": METRICS_TYPE, "Cache-Control": "no-store" } });
  });
}
