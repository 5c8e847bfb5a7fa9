import { setTimeout as delay } from "node:timers/promises";
import { Overview } from "../lib/contract/overview.ts";
import { Series } from "../lib/contract/series.ts";
import { Asker } from "./ask.ts";
import { startChild } from "./child.ts";
import type { Watcher } from "./watcher.ts";

const CLI = new URL("../server/cli.ts", import.meta.url).pathname;
const TYPES = { received: "task-received", started: "task-started", succeeded: "task-succeeded", failed: "task-failed" } as const;

/** The built program as it is started by hand, with this broker. Resolves when it leads and shows all of its log. */
export async function startPerennial(broker: string, more: readonly string[] = []): Promise<Watcher> {
  const child = startChild(process.execPath, [CLI, "--name", "main", "--broker", broker, "--results", broker, "--port", "0", ...more]);
  const address = await addressOf(child.lines());
  const ask = new Asker(address);
  while ((await ask.get("/readyz")).status !== 200) await delay(20);
  while (!isReady(await overview(ask))) await delay(20);
  return {
    name: "perennial",
    child,
    address,
    ask,
    taskPath: (id) => `/api/v1/tasks/${id}`,
    async countEvents() {
      const { points } = Series.parse(await ask.json("/api/v1/series?window=24h"));
      return Object.fromEntries(
        Object.entries(TYPES).map(([kind, type]) => [type, points.reduce((sum, point) => sum + point[kind as keyof typeof TYPES], 0)]),
      );
    },
    countTasks: async () => (await overview(ask)).us.tasks,
    async stop() {
      ask.close();
      await child.stop();
    },
  };
}

async function overview(ask: Asker): Promise<Overview> {
  return Overview.parse(await ask.json("/api/v1/overview"));
}

function isReady({ us }: Overview): boolean {
  return us.role === "leader" && us.connected && us.replaying === null;
}

async function addressOf(lines: AsyncIterable<string>): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  void (async () => {
    for await (const line of lines) if (line.startsWith("http://")) resolve(line);
    reject(new Error("Perennial ended before it listened"));
  })().catch(reject);
  return promise;
}
