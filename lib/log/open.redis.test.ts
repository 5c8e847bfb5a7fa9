import { describe, expect, it } from "vitest";
import { redisLogs } from "../testing/redis-logs.ts";
import { withRedis } from "../testing/redis-server.ts";
import { codeOf, someEvents } from "./conformance.ts";

const { server, redis, freshName, open, LEASE_MS } = await redisLogs();

describe("openLog", () => {
  it("keeps the log in memory on a replica, and says so", async () => {
    await using replica = await withRedis({ config: { replicaof: `127.0.0.1 ${server.port}` } });
    const log = await open(freshName(), replica.url);
    expect(log.store.kind).toBe("memory");
    expect(log.store.note).toMatch(/replica that takes no writes/);
    expect(await log.lead(LEASE_MS)).toBe(true);
    expect(await log.append(someEvents(1))).toBe(1);
  });

  it("keeps it in memory where the user may not write, without telling the password", async () => {
    await redis.call("ACL", "SETUSER", "reader", "on", ">hunter2", "~*", "&*", "+@all", "-@write");
    const log = await open(freshName(), `redis://reader:hunter2@127.0.0.1:${server.port}`);
    expect(log.store.kind).toBe("memory");
    expect(log.store.note).toMatch(/reader:\*\*\*@.* does not allow it: .*(permission|user)/);
    expect(log.store.note).not.toMatch(/hunter2/);
  });

  it("warns of a Redis that drops keys when it is full", async () => {
    await using lru = await withRedis({ config: { maxmemory: "100mb", "maxmemory-policy": "allkeys-lru" } });
    expect((await open(freshName(), lru.url)).store).toMatchObject({ kind: "redis", note: expect.stringMatching(/allkeys-lru/) });
  });

  it("leaves nothing behind by trying", async () => {
    const name = freshName();
    await open(name);
    expect(await redis.keys(`*${name}*`)).toEqual([]);
  });

  it("rejects when nobody answers", async () => {
    const gone = await withRedis();
    await gone.stop();
    expect(await codeOf(open(freshName(), gone.url))).toBe("unavailable");
    expect(await codeOf(open(freshName(), "http://localhost"))).toBe("bad-input");
  });
});
