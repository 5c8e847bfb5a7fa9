import { setTimeout as delay } from "node:timers/promises";
import { Celery, type CeleryOptions, Ignore, PythonError, Reject, chain, group } from "../index.ts";

/** The application of `fleet/sums.py` once more: whatever a client can see of the two must be the same. */
export function sumsApplication(redisUrl: string, queue: string, options: Partial<CeleryOptions> = {}) {
  const app = new Celery({ broker: `${redisUrl}/0`, backend: `${redisUrl}/1`, defaultQueue: queue, log: () => {}, ...options });
  const add = app.task("sums.add", (_ctx, x: number, y: number) => x + y, { parameters: ["x", "y"] });
  const mul = app.task("sums.mul", (_ctx, x: number, y: number) => x * y, { parameters: ["x", "y"] });
  const total = app.task("sums.total", (_ctx, numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0));
  app.task("sums.echo", (_ctx, ...args: unknown[]) => args);
  app.task("sums.fail", () => {
    throw new PythonError("ValueError", ["boom", 7]);
  });
  app.task(
    "sums.flaky",
    (ctx, times: number, countdown: number = 0.1) => {
      if (ctx.retries < times) ctx.retry({ cause: new PythonError("ConnectionError", [`try ${ctx.retries}`]), countdown });
      return ctx.retries;
    },
    { maxRetries: 3, parameters: ["times", "countdown"] },
  );
  const sleep = async (signal: AbortSignal, seconds: number) => {
    await delay(seconds * 1000, undefined, { signal }).catch(() => signal.throwIfAborted());
    return seconds;
  };
  app.task("sums.sleep", (ctx, seconds: number) => sleep(ctx.signal, seconds));
  app.task("sums.sleep_late", (ctx, seconds: number) => sleep(ctx.signal, seconds), { acksLate: true });
  app.task("sums.parent", async (_ctx, x: number) => {
    await add.delay(x, 1);
    return x;
  });
  app.task("sums.progress", async (ctx) => {
    await ctx.progress(1, 2);
    await delay(500);
    return "done";
  });
  app.task("sums.ignore", () => {
    throw new Ignore();
  });
  app.task(
    "sums.reject",
    () => {
      throw new Reject("not today", { requeue: false });
    },
    { acksLate: true },
  );
  app.task("sums.limited", (_ctx, number: number) => number, { rateLimit: "5/s" });
  app.task("sums.replace", async (ctx, how: string) => {
    if (how === "task") return ctx.replace(add.s(1, 2));
    if (how === "chain") return ctx.replace(chain(add.s(1, 2), add.s(3)));
    return ctx.replace(group(...[0, 1, 2].map((number) => add.s(number, number))));
  });
  app.task("sums.grow", async (ctx, number: number) => {
    await ctx.addToChord(add.s(number, number));
    return number;
  });
  app.task("sums.fan", async () => {
    await group(add.s(1, 1), add.s(2, 2)).apply();
    await chain(add.s(1, 1), mul.s(3)).apply();
    await chain(group(add.s(1, 1), add.s(2, 2)), total.s()).apply();
    return "sent";
  });
  app.task("sums.where", async () => {
    await delay(50);
    return "js";
  });
  app.task("sums.failed", (_ctx, taskId: string) => taskId);
  return { app, add };
}
