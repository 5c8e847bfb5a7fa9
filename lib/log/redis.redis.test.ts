import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { reasonOf } from "../errors.ts";
import type { Event } from "../model/event.ts";
import { redisLogs } from "../testing/redis-logs.ts";
import { codeOf, factsOf, followedEvents, logConformance, someEvent, someEvents } from "./conformance.ts";
import { logKeys } from "./keys.ts";
import type { Batch, Log } from "./log.ts";
import { openLog } from "./open.ts";

const { server, redis, freshName, open, leading, LEASE_MS } = await redisLogs();

/** Reads on in the background, into a list. */
function reading(log: Log, from: number): { batches: Batch[]; events: () => Event[]; stop: () => Promise<void> } {
  const stopping = new AbortController();
  const batches: Batch[] = [];
  const done = (async () => {
    for await (const batch of log.follow(from, stopping.signal)) batches.push(batch);
  })();
  return {
    batches,
    events: () => batches.flatMap(({ events }) => events),
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
}

async function killClients(pattern: RegExp): Promise<void> {
  const clients = String(await redis.client("LIST")).split("\n");
  for (const client of clients.filter((line) => pattern.test(line))) {
    await redis.client("KILL", "ID", Number(/id=(\d+)/.exec(client)?.[1]));
  }
}

/** What a replica of the server held at some moment, to be put back as if it had been promoted. */
async function snapshot(broker: string): Promise<() => Promise<void>> {
  const keys = Object.values(logKeys(broker));
  const dumps = await Promise.all(keys.map(async (key) => ({ key, dump: await redis.dumpBuffer(key), ttl: await redis.pttl(key) })));
  return async () => {
    await redis.del(...keys);
    for (const { key, dump, ttl } of dumps) if (dump !== null) await redis.restore(key, Math.max(0, ttl), dump);
  };
}

/** Stands before the server, and can lose what it answers. */
async function proxyTo(port: number): Promise<AsyncDisposable & { url: string; loseNextReply(): void; cut(): void }> {
  const sockets = new Set<Socket>();
  let losing = false;
  const proxy = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    for (const socket of [client, upstream]) sockets.add(socket.on("error", () => undefined));
    client.on("close", () => upstream.destroy()).pipe(upstream);
    upstream.on("close", () => client.destroy());
    upstream.on("data", (chunk) => {
      if (losing) client.destroy();
      else client.write(chunk);
      losing = false;
    });
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const address = proxy.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `redis://127.0.0.1:${address.port}`,
    loseNextReply: () => (losing = true),
    cut: () => sockets.forEach((socket) => socket.destroy()),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, "close");
    },
  };
}

describe("a log in Redis", () => {
  logConformance(async () => {
    const name = freshName();
    return async () => openLog({ broker: name, store: { kind: "redis", url: server.url } });
  });
});

describe("a log in Redis over restarts", () => {
  it("shows the same after every replica was gone", async () => {
    const name = freshName();
    const events = someEvents(1_500);
    const first = await leading(name);
    for (let at = 0; at < events.length; at += 100) await first.append(events.slice(at, at + 100));
    const before = await first.extent();
    await first.close();

    const second = await leading(name);
    expect(await second.extent()).toEqual(before);
    expect(await followedEvents(second, 1, 1_500)).toEqual(events.map(factsOf));
    expect(await second.append(someEvents(600, 2_000))).toBe(1_501);
    expect((await second.read([1, 1_499, 1_501])).size).toBe(3);
  });

  it.each(["meta", "lease"] as const)("survives that %s is lost", async (key) => {
    const name = freshName();
    const log = await leading(name);
    await log.append(someEvents(1_234));
    const { epoch } = await log.extent();
    const reader = reading(await open(name), 1);
    await redis.del(logKeys(name)[key]);
    if (key === "lease") expect(await codeOf(log.append(someEvents(1)))).toBe("fenced");
    expect(await log.lead(LEASE_MS)).toBe(true);
    expect(await log.append(someEvents(3, 5_000))).toBe(1_235);
    expect(await log.extent()).toMatchObject({ epoch, first: 1, next: 1_238 });
    await expect.poll(() => reader.events().length).toBe(1_237);
    expect(reader.batches.every((batch) => batch.epoch === epoch)).toBe(true);
    await reader.stop();
    await log.seal();
    await redis.del(logKeys(name).meta);
    expect(await (await open(name)).extent()).toMatchObject({ epoch, next: 1_238 });
  });
});

describe("an append whose reply was lost", () => {
  it("may be repeated, with what came since, and stores each event once", async () => {
    const name = freshName();
    const log = await leading(name);
    await log.append(someEvents(10));
    const events = someEvents(2_300, 10);
    // The server works on, but its answer comes too late for the connection.
    const appending = log.append(events);
    await killClients(new RegExp(`name=perennial-log-${name} `));
    const failed = await codeOf(appending);
    expect([undefined, "unavailable"]).toContain(failed);
    const more = [...events, ...someEvents(40, 3_000)];
    const first = failed === undefined ? await log.append(more.slice(2_300)) : await log.append(more);
    expect(first).toBe(failed === undefined ? 2_311 : 11);
    expect(await followedEvents(log, 11, more.length)).toEqual(more.map(factsOf));
    expect(await log.extent()).toMatchObject({ next: 2_351 });
  });

  it.each([
    ["a batch", 20],
    ["a segment, and not the others", 2_500],
  ])("is recognized when the store has %s of it", async (_, count) => {
    const name = freshName();
    await using proxy = await proxyTo(server.port);
    const log = await leading(name, proxy.url);
    await log.append(someEvents(10));
    const events = someEvents(count, 10);
    proxy.loseNextReply();
    expect(await codeOf(log.append(events))).toBe("unavailable");
    const { next } = await (await open(name)).extent();
    expect(next).toBeGreaterThan(11);
    expect(await log.append(events)).toBe(11);
    expect(await followedEvents(log, 11, count)).toEqual(events.map(factsOf));
    expect(await log.extent()).toMatchObject({ next: 11 + count });
  });

  it("does not take another replica's events for its own", async () => {
    const name = freshName();
    await using proxy = await proxyTo(server.port);
    const log = await leading(name, proxy.url);
    await log.append(someEvents(10));
    proxy.cut();
    const events = someEvents(20, 10);
    expect(await codeOf(log.append(events))).toBe("unavailable");
    await redis.del(logKeys(name).lease);
    const other = await leading(name);
    await other.append(someEvents(30, 700));
    await other.resign();
    expect(await log.lead(LEASE_MS)).toBe(true);
    expect(await log.append(events)).toBe(41);
  });
});

describe("two that believe to lead", () => {
  it("cannot both append", async () => {
    const name = freshName();
    const old = await open(name);
    await old.lead(60);
    await old.append(someEvents(5));
    const young = await open(name);
    await expect.poll(async () => young.lead(LEASE_MS), { interval: 10 }).toBe(true);
    const outcomes = await Promise.all([codeOf(old.append(someEvents(5, 100))), young.append(someEvents(5, 200))]);
    expect(outcomes).toEqual(["fenced", 6]);
    expect(await codeOf(old.seal())).toBe("fenced");
    expect((await followedEvents(young, 1, 10)).map((event) => "task" in event && Number(event.task.slice(-12)))).toEqual([
      0, 1, 2, 3, 4, 200, 201, 202, 203, 204,
    ]);
  });
});

describe("a follower", () => {
  it("comes back after its connection was killed, and misses nothing", async () => {
    const name = freshName();
    const log = await leading(name);
    const reader = reading(await open(name), 1);
    const events = someEvents(3_000);
    for (let at = 0; at < events.length; at += 150) {
      await log.append(events.slice(at, at + 150));
      if (at % 600 === 0) await killClients(/-follow /);
    }
    await expect.poll(() => reader.events().length, { timeout: 10_000 }).toBe(3_000);
    expect(reader.events()).toEqual(events.map(factsOf));
    await reader.stop();
  });

  it("notices that a flushed log began anew, also while nothing happens", async () => {
    const name = freshName();
    const log = await leading(name);
    await log.append(someEvents(50));
    const { epoch } = await log.extent();
    const reader = reading(await open(name), 1);
    await expect.poll(() => reader.events().length).toBe(50);

    await redis.flushall();
    expect(await codeOf(log.append(someEvents(1)))).toBe("fenced");
    expect(await log.lead(LEASE_MS)).toBe(true);
    const events = someEvents(7, 100);
    expect(await log.append(events)).toBe(1);
    await expect.poll(() => reader.batches.at(-1)?.epoch, { timeout: 5_000 }).not.toBe(epoch);
    expect(reader.batches.at(-1)?.first).toBe(1);
    expect(reader.batches.at(-1)?.events).toEqual(events.map(factsOf));
    await reader.stop();
  });

  it("begins anew also when the new log has outgrown the old one before it looked", async () => {
    const name = freshName();
    const log = await leading(name);
    await log.append(someEvents(5));
    const reader = reading(await open(name), 1);
    await expect.poll(() => reader.events().length).toBe(5);
    await redis.flushall();
    await log.lead(LEASE_MS);
    const events = someEvents(900, 100);
    await log.append(events.slice(0, 450));
    await log.append(events.slice(450));
    await expect.poll(() => reader.events().length, { timeout: 5_000 }).toBe(905);
    expect(reader.batches[1]?.first).toBe(1);
    expect(reader.events().slice(5)).toEqual(events.map(factsOf));
    await reader.stop();
  });

  it("reads again from the oldest event when a failover lost what it has read", async () => {
    const name = freshName();
    const log = await leading(name);
    await log.append(someEvents(30));
    const promote = await snapshot(name);
    await log.append(someEvents(10, 30));
    const reader = reading(await open(name), 1);
    await expect.poll(() => reader.events().length).toBe(40);
    await log.close();

    await promote();
    await redis.del(logKeys(name).lease);
    const next = await leading(name);
    const others = someEvents(15, 500);
    expect(await next.append(others)).toBe(31);
    await killClients(/-follow /);
    await expect.poll(() => reader.events().length, { timeout: 5_000 }).toBe(85);
    const again = reader.events().slice(40);
    expect(again).toEqual(
      [...someEvents(30), ...others].map((event, i) => ({ ...factsOf(event), at: again[i]?.at, seenAt: again[i]?.seenAt })),
    );
    await reader.stop();
  });
});

describe("a segment that cannot be read", () => {
  const spoil = async (name: string, change: (bytes: Buffer) => void): Promise<void> => {
    const { log } = logKeys(name);
    const entries = await redis.xrangeBuffer(log, "-", "+");
    await redis.del(log);
    for (const [i, [id, [, bytes]]] of entries.entries()) {
      if (bytes === undefined) throw new Error("not a segment");
      if (i === 1) change(bytes);
      await redis.xadd(log, id, "d", bytes);
    }
  };

  it("shows as that many malformed events when it is damaged; all others keep their ordinals", async () => {
    const name = freshName();
    const log = await leading(name);
    const events = someEvents(3_000);
    await log.append(events);
    await spoil(name, (bytes) => bytes.fill(0xff, 200, 400));
    const seen = await followedEvents(await open(name), 1, 3_000);
    expect(seen.slice(0, 1_000)).toEqual(events.slice(0, 1_000).map(factsOf));
    expect(new Set(seen.slice(1_000, 2_000).map(({ type }) => type))).toEqual(new Set(["log.malformed"]));
    expect(seen.slice(2_000)).toEqual(events.slice(2_000).map(factsOf));
    expect([...(await log.read([1_000, 1_500, 2_001])).keys()]).toEqual([1_000, 2_001]);
  });

  it("stops a reader that is older than its writer, which says so", async () => {
    const name = freshName();
    const log = await leading(name);
    await log.append(someEvents(3_000));
    await spoil(name, (bytes) => bytes.writeUInt8(200, 0));
    const reader = await open(name);
    const seen: Event[] = [];
    const failure = await (async () => {
      for await (const { events } of reader.follow(1, new AbortController().signal)) seen.push(...events);
    })().catch(reasonOf);
    expect(seen.length).toBe(1_000);
    expect(failure).toMatch(/newer version/);
    expect([...(await reader.read([1_000, 1_500, 2_001])).keys()]).toEqual([1_000, 2_001]);
  });
});

describe("the leader after a failover that lost its newest entries", () => {
  it("writes them again, each at its ordinal", async () => {
    const name = freshName();
    const log = await leading(name);
    const events = someEvents(3_000);
    await log.append(events.slice(0, 150));
    const promote = await snapshot(name);
    for (let at = 150; at < 2_700; at += 170) await log.append(events.slice(at, at + 170));
    await promote();
    expect(await log.append(events.slice(2_700))).toBe(2_701);
    expect(await followedEvents(log, 1, 3_000)).toEqual(events.map(factsOf));
    expect(await log.extent()).toMatchObject({ first: 1, next: 3_001 });
  });

  it("tells the loss where it cannot", async () => {
    const name = freshName();
    const former = await leading(name);
    await former.append(someEvents(100));
    const promote = await snapshot(name);
    await former.close();
    const log = await leading(name);
    await log.append(someEvents(20, 100));
    await promote();
    await redis.del(logKeys(name).lease);
    expect(await log.lead(LEASE_MS)).toBe(true);
    expect(await log.append([someEvent(200)])).toBe(102);
    expect((await log.read([101])).get(101)).toMatchObject({ type: "log.gap", count: 20 });
    expect((await followedEvents(log, 1, 102)).length).toBe(102);
  });
});
