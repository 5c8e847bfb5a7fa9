import { setTimeout as delay } from "node:timers/promises";
import { Celery } from "../index.ts";

/** An application for processes of a pool. It names a Redis that nobody has: its tasks need none. */
export const app = new Celery({ broker: "redis://127.0.0.1:1/0", log: () => {} });
defineTasks(app);

/** As a pool is told. */
export const MODULE = import.meta.filename;

/** Tasks that can only run where others do not. */
export function defineTasks(app: Celery): void {
  app.task("pid", () => process.pid);
  app.task("kill", (_ctx, signal: NodeJS.Signals) => process.kill(process.pid, signal));
  app.task("exit", (_ctx, code: number) => process.exit(code));
  app.task("fill", (_ctx, megabytes: number) => Buffer.alloc(megabytes * 1_048_576, 1).length);
  app.task("fail", () => {
    throw new RangeError("too far");
  });
  app.task("crash-later", async () => {
    setTimeout(() => {
      throw new Error("nobody catches this");
    });
    await delay(60_000);
  });
  /** Computes, and lets nothing else happen meanwhile. */
  app.task("spin", (_ctx, ms: number) => {
    const beganAt = Date.now();
    while (Date.now() < beganAt + ms);
    return [process.pid, beganAt, Date.now()];
  });
  app.task("wait", async (ctx, ms: number = 60_000) => {
    await delay(ms, undefined, { signal: ctx.signal }).catch(() => ctx.signal.throwIfAborted());
    return process.pid;
  });
  app.task("tracked", async (ctx) => delay(60_000, undefined, { signal: ctx.signal }), { trackStarted: true });
  /** Kills its process until somebody else has had the message. */
  app.task("die-once", (ctx) => (ctx.delivery.redelivered ? "again" : process.kill(process.pid, "SIGKILL")), {
    acksLate: true,
    rejectOnWorkerLost: true,
  });
  app.task(
    "spin-late",
    (ctx, ms: number) => {
      const until = Date.now() + (ctx.delivery.redelivered ? 0 : ms);
      while (Date.now() < until);
      return ctx.delivery.redelivered;
    },
    { acksLate: true },
  );
}
