import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { withRedis } from "../redis-server.ts";
import { MALFORMED, POISON } from "./index.ts";

test("every bad input has a name of its own and can be put on a broker", async () => {
  await using server = await withRedis();
  const broker = new Redis(`${server.url}/0`);
  const results = new Redis(`${server.url}/1`);
  try {
    expect(new Set(MALFORMED.map((one) => one.name)).size).toBe(MALFORMED.length);
    for (const one of MALFORMED) {
      const reply = await one.put({ broker, results, database: 0, queue: "default" });
      // A MULTI answers with the error of each command instead of throwing it.
      const errors = Array.isArray(reply) ? reply.filter((pair: unknown) => Array.isArray(pair) && pair[0] !== null) : [];
      expect(errors, one.name).toEqual([]);
    }
    expect(await broker.llen("default")).toBeGreaterThan(10_000);
    expect(await broker.scard("_kombu.binding.many")).toBe(5_000);
    expect(await results.dbsize()).toBeGreaterThan(40);
    expect(Object.keys(POISON)).toContain("noId");
  } finally {
    broker.disconnect();
    results.disconnect();
  }
});
