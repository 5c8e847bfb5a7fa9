import { expect, test } from "vitest";
import { Prefetch } from "./prefetch.ts";

test("a worker holds no more than it may", () => {
  const prefetch = new Prefetch(2);
  prefetch.take();
  expect(prefetch.hasRoom).toBe(true);
  prefetch.take();
  expect(prefetch.hasRoom).toBe(false);
  prefetch.release();
  expect(prefetch.hasRoom).toBe(true);
});

test("a task that waits for its time keeps nobody out", () => {
  const prefetch = new Prefetch(1);
  prefetch.take();
  prefetch.suspend();
  expect(prefetch).toMatchObject({ hasRoom: true, limit: 2 });
  prefetch.resume();
  expect(prefetch).toMatchObject({ hasRoom: false, limit: 1 });
});

test("without a limit there is always room", () => {
  const prefetch = new Prefetch(0);
  for (let taken = 0; taken < 1_000; taken++) prefetch.take();
  prefetch.suspend();
  expect(prefetch).toMatchObject({ hasRoom: true, limit: 0 });
});

test("whoever waits for room gets it when a message is done, and is let go when the worker stops", async () => {
  const prefetch = new Prefetch(1);
  prefetch.take();
  const stop = new AbortController();
  const waiting = prefetch.room(stop.signal);
  prefetch.release();
  await waiting;
  prefetch.take();
  const inVain = prefetch.room(stop.signal);
  stop.abort();
  await inVain;
  expect(prefetch.hasRoom).toBe(false);
});
