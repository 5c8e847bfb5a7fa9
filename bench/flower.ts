import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { Asker } from "./ask.ts";
import { startChild } from "./child.ts";
import { freePort } from "../lib/testing/redis-server.ts";
import type { Watcher } from "./watcher.ts";

const CELERY = new URL("../.tools/python/flower/bin/celery", import.meta.url).pathname;
/** More than any bench sends, so that Flower forgets nothing on purpose. */
const MAX_TASKS = 2_000_000;
/** Flower subscribes in a thread, and tells nobody when it is done. */
const SUBSCRIBED_MS = 3_000;

/** Flower as `fleet/install.sh` installs it; `subscribedMs` after it answers, when it hears events. */
export async function startFlower(broker: string, more: readonly string[] = [], subscribedMs = SUBSCRIBED_MS): Promise<Watcher> {
  if (!existsSync(CELERY)) throw new Error("Flower is not installed: fleet/install.sh flower");
  const port = await freePort();
  const args = [
    "--broker",
    broker,
    "--result-backend",
    broker,
    "flower",
    `--port=${port}`,
    "--address=127.0.0.1",
    `--max_tasks=${MAX_TASKS}`,
  ];
  const child = startChild(CELERY, [...args, ...more], { FLOWER_UNAUTHENTICATED_API: "true" });
  void drained(child.lines());
  const address = `http://127.0.0.1:${port}`;
  const ask = new Asker(address);
  while ((await ask.get("/healthcheck").catch(() => undefined))?.status !== 200) await delay(50);
  await delay(subscribedMs);
  return {
    name: "flower",
    child,
    address,
    ask,
    taskPath: (id) => `/api/task/info/${id}`,
    async countEvents() {
      const { body } = await ask.get("/metrics");
      const counts: Record<string, number> = {};
      for (const [, type, count] of body.matchAll(/^flower_events_total\{.*type="([^"]*)".*\} (\S+)$/gm)) {
        if (type !== undefined) counts[type] = (counts[type] ?? 0) + Number(count);
      }
      return counts;
    },
    async countTasks() {
      const answer = await ask.json(datatablePath("received", 1));
      return typeof answer === "object" && answer !== null && "recordsTotal" in answer ? Number(answer.recordsTotal) : NaN;
    },
    async stop() {
      ask.close();
      await child.stop();
    },
  };
}

/** What Flower's own page of tasks asks for. */
export function datatablePath(sortBy: string, length: number, search = "", start = 0): string {
  const query = new URLSearchParams({
    draw: "1",
    start: String(start),
    length: String(length),
    "search[value]": search,
    "order[0][column]": "0",
    "order[0][dir]": "desc",
    "columns[0][data]": sortBy,
  });
  return `/tasks/datatable?${query}`;
}

async function drained(lines: AsyncIterable<string>): Promise<void> {
  try {
    for await (const _ of lines);
  } catch {
    // Whoever asks it will see that it is gone.
  }
}
