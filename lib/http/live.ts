import type { z } from "zod";
import type { LiveMessage } from "../contract/series.ts";
import type { Viewer } from "../model/viewer.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { answering, checked } from "./answer.ts";
import { type RouteHandler, queryOf } from "./route.ts";
import { sharedMonitor } from "./shared.ts";
import { viewer } from "./viewer.ts";

/** What a reader who does not read may owe us. A hundred ticks with all their ids fit. */
const BOUND_BYTES = 256_000;
/** Proxies cut a connection on which nothing moves, most of them after a minute. */
const HEARTBEAT_MS = 15_000;

const HEADERS = {
  "Content-Type": "text/event-stream; charset=utf-8",
  // Neither kept nor compressed: a compressor would hold the messages back.
  "Cache-Control": "no-store, no-transform",
  "X-Accel-Buffering": "no",
  "X-Content-Type-Options": "nosniff",
};

/** Begins to tell what changes and answers the way to stop. */
type Watch<Query> = (monitor: Monitor, viewer: Viewer, query: Query, send: (message: LiveMessage) => void) => () => void;

/** A route that streams hints about changes as server-sent events, until the reader goes. */
export function live<Schema extends z.ZodType>(schema: Schema, watch: Watch<z.output<Schema>>): RouteHandler {
  return (request, context) =>
    answering(request, async () => {
      const query = checked(schema, await queryOf(request, context));
      const [monitor, asker] = [sharedMonitor(), await viewer()];
      const body = eventStream((send) => watch(monitor, asker, query, send), request.signal);
      return new Response(body, { headers: HEADERS });
    });
}

/**
 * The messages of one watch as the bytes of a stream. A reader who falls behind by `boundBytes` gets nothing more until he
 * has read what there is, and then one `resync`: what he missed he must ask for again anyway.
 */
export function eventStream(
  watch: (send: (message: LiveMessage) => void) => () => void,
  signal: AbortSignal,
  boundBytes = BOUND_BYTES,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let missed: LiveMessage | undefined;
  let stop = (): void => undefined;

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const write = (text: string): void => controller.enqueue(encoder.encode(text));
        write(": here\n\n");
        const unwatch = watch((message) => {
          if (missed === undefined && hasRoom(controller)) write(eventText(message));
          else missed = message;
        });
        const beat = setInterval(() => {
          if (hasRoom(controller)) write(": still here\n\n");
        }, HEARTBEAT_MS);
        const end = (): void => {
          stop();
          controller.close();
        };
        stop = () => {
          unwatch();
          clearInterval(beat);
          signal.removeEventListener("abort", end);
        };
        signal.addEventListener("abort", end);
        if (signal.aborted) end();
      },
      // Called when the reader has taken enough that there is room again.
      pull(controller) {
        if (missed === undefined) return;
        const resync: LiveMessage = { ...missed, type: "resync", at: Date.now(), tasks: null, queues: true, workers: true };
        missed = undefined;
        controller.enqueue(encoder.encode(eventText(resync)));
      },
      cancel() {
        stop();
      },
    },
    { highWaterMark: boundBytes, size: (chunk) => chunk?.byteLength ?? 0 },
  );
}

function hasRoom(controller: ReadableStreamDefaultController): boolean {
  return (controller.desiredSize ?? 0) > 0;
}

function eventText(message: LiveMessage): string {
  return `data: ${JSON.stringify(message)}\n\n`;
}
