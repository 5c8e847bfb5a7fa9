import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { connectRedis } from "../../redis.ts";
import { CeleryApplication } from "../../testing/celery-application.ts";
import { FoldedKnown } from "../../testing/known.ts";
import { type RedisServer, withRedis } from "../../testing/redis-server.ts";
import { Malformed } from "./malformed.ts";
import { Results } from "./results.ts";
import { Runs } from "./runs.ts";
import { Unheard } from "./unheard.ts";

let server: RedisServer;
let app: CeleryApplication;
let known: FoldedKnown;
let unheard: Unheard;
let stores: ReturnType<typeof connectRedis>[];

beforeAll(async () => {
  server = await withRedis();
});
afterAll(async () => server.stop());
beforeEach(async () => {
  app = new CeleryApplication(server.url);
  await app.redis.flushall();
  known = new FoldedKnown();
  const malformed = new Malformed(0);
  stores = ["/0", "/1"].map((db) => connectRedis(server.url + db, { name: "test" }));
  const results = new Results(stores, app.keys, new Runs(known), known, malformed);
  unheard = new Unheard({ stores, keys: app.keys, results, known, malformed });
});
afterEach(async () => {
  for (const store of stores) store.disconnect();
  await app.end();
});

function gap(agoMs: number, lengthMs = 5_000): void {
  const at = Date.now() - agoMs;
  known.sink([{ type: "log.gap", at, seenAt: at, source: "leader", fromAt: at - lengthMs }]);
}

async function look(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await unheard.look(Date.now(), known.sink);
}

const doneAgo = (ms: number): object => ({ status: "SUCCESS", result: 5, date_done: new Date(Date.now() - ms).toISOString() });

describe("tasks that came and went while nobody listened", () => {
  test("are known by their results, and marked as looked up", async () => {
    await app.storeResult("ended", doneAgo(3_000));
    const other = new CeleryApplication(server.url, 1);
    await other.storeResult("elsewhere", doneAgo(3_000));
    await other.end();
    gap(1_000);
    await look();
    expect(known.told("ended")).toMatchObject([{ type: "task.succeeded", inferred: true, source: "result" }]);
    expect(known.state("elsewhere")).toBe("SUCCESS");
  });

  test("are looked for once, after each gap", async () => {
    gap(60_000);
    await look();
    await app.storeResult("ended", doneAgo(3_000));
    await look();
    expect(known.state("ended")).toBeUndefined();
    gap(1_000);
    await look();
    expect(known.state("ended")).toBe("SUCCESS");
  });

  test("are not those that ended long before, nor those that are known", async () => {
    await app.storeResult("old", doneAgo(3_600_000));
    await app.storeResult("known", doneAgo(3_000));
    known.sink([{ type: "task.started", task: "known", at: 1, seenAt: 1, source: "event", worker: "w1@h" }]);
    gap(1_000);
    await look();
    expect(known.state("old")).toBeUndefined();
    expect(known.state("known")).toBe("STARTED");
  });

  test("are found where Redis does not say how long a key was idle", async () => {
    await app.redis.config("SET", "maxmemory-policy", "allkeys-lfu");
    await app.storeResult("ended", doneAgo(3_000));
    gap(1_000);
    await look();
    expect(known.state("ended")).toBe("SUCCESS");
    await app.redis.config("SET", "maxmemory-policy", "noeviction");
  });

  test("are many, and all found", async () => {
    const ids = Array.from({ length: 3_000 }, (_, n) => `task-${n}`);
    await Promise.all(ids.map(async (id) => app.storeResult(id, doneAgo(3_000))));
    gap(1_000);
    await look();
    expect(known.tasks.size).toBe(3_000);
  });
});
