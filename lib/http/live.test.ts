import { describe, expect, test } from "vitest";
import type { LiveMessage } from "../contract/series.ts";
import { eventStream } from "./live.ts";

function tick(ordinal: number): LiveMessage {
  return { type: "tick", at: 0, ordinal, tasks: ["t"], queues: false, workers: false };
}

/** A stream whose messages the test sends, and whether it is still watched. */
function stream(boundBytes?: number) {
  const requested = new AbortController();
  const state = { watched: true, send: (_message: LiveMessage): void => undefined };
  const body = eventStream(
    (send) => {
      state.send = send;
      return () => {
        state.watched = false;
      };
    },
    requested.signal,
    boundBytes,
  );
  const reader = body.getReader();
  const read = async (): Promise<string> => {
    const { value, done } = await reader.read();
    return done ? "the end" : new TextDecoder().decode(value);
  };
  return { state, requested, reader, read };
}

describe("the live stream", () => {
  test("tells each change as a message", async () => {
    const { state, read } = stream();
    expect(await read()).toBe(": here\n\n");
    state.send(tick(7));
    expect(await read()).toBe(`data: ${JSON.stringify(tick(7))}\n\n`);
  });

  test("ends with its request, and stops watching", async () => {
    const { state, requested, read } = stream();
    await read();
    requested.abort();
    expect(await read()).toBe("the end");
    expect(state.watched).toBe(false);
  });

  test("stops watching when the reader goes", async () => {
    const { state, reader, read } = stream();
    await read();
    await reader.cancel();
    expect(state.watched).toBe(false);
  });

  test("a reader that falls behind gets what was waiting, then one resync, then goes on", async () => {
    const { state, read } = stream(300);
    for (let ordinal = 1; ordinal <= 1_000; ordinal++) state.send(tick(ordinal));
    const texts = [await read()];
    while (!texts.at(-1)?.includes("resync")) texts.push(await read());
    expect(texts.length).toBeLessThan(10);
    expect(texts.at(-1)).toContain('"ordinal":1000');
    state.send(tick(1_001));
    expect(await read()).toContain('"ordinal":1001');
  });
});
