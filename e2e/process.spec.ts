import { spawn } from "node:child_process";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { createServer } from "node:net";
import { text } from "node:stream/consumers";
import { expect, test } from "@playwright/test";
import { Redis } from "ioredis";
import { type RedisServer, withRedis } from "../lib/testing/redis-server.ts";
import { type Perennial, startPerennial } from "./perennial.ts";

let redis: RedisServer;

test.beforeAll(async () => {
  redis = await withRedis();
});
test.afterAll(() => redis.stop());

/** A tab that listens. Resolves once something has come. */
async function openStream({ address }: Perennial): Promise<{ ended: Promise<unknown> }> {
  const response = await fetch(`${address}/api/v1/live?broker=main`);
  const reader = response.body?.getReader();
  await reader?.read();
  const readOn = async (): Promise<void> => {
    while ((await reader?.read())?.done === false) continue;
  };
  return { ended: readOn().catch(() => undefined) };
}

test("a signal ends everything within a second, open streams too, and gives up the lead", async () => {
  const perennial = await startPerennial("--broker", `${redis.url}/0`);
  const observer = new Redis(redis.url);
  await expect.poll(() => observer.exists("perennial:{main}:lease")).toBe(1);
  const stream = await openStream(perennial);
  const exit = once(perennial.process, "exit");
  const begunAt = performance.now();
  perennial.process.kill("SIGTERM");
  expect((await exit)[0]).toBe(0);
  expect(performance.now() - begunAt).toBeLessThan(1000);
  await stream.ended;
  expect(await observer.exists("perennial:{main}:lease")).toBe(0);
  observer.disconnect();
  expect(perennial.errors()).toBe("");
});

test("a second signal ends it at once", async () => {
  const perennial = await startPerennial("--broker", `${redis.url}/0`);
  await openStream(perennial);
  const exit = once(perennial.process, "exit");
  perennial.process.kill("SIGINT");
  perennial.process.kill("SIGTERM");
  expect((await exit)[0]).toBe(1);
});

test("who calls it by a name that is not its own is told so, and nothing else", async () => {
  const perennial = await startPerennial("--broker", `${redis.url}/0`, "--allowed-host", "ops.example.com");
  const answerTo = async (host: string, path: string): Promise<[number | undefined, string]> => {
    const { port } = new URL(perennial.address);
    const asked = get({ host: "127.0.0.1", port, path, headers: { host } });
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    return [answer.statusCode, await text(answer)];
  };
  for (const path of ["/", "/api/v1/overview", "/metrics", "/healthz"]) {
    const [code, body] = await answerTo("rebound.example", path);
    expect(code, path).toBe(421);
    expect(body).toContain("--allowed-host");
  }
  for (const host of ["localhost", "127.0.0.1:80", "[::1]:80", "ops.example.com"]) {
    expect((await answerTo(host, "/api/v1/overview"))[0], host).toBe(200);
  }
  await perennial.stop();
});

test.describe("what cannot be is told in one sentence", () => {
  async function saidBy(...args: string[]): Promise<{ code: unknown; errors: string }> {
    const child = spawn(process.execPath, ["server/cli.ts", ...args], { stdio: ["ignore", "ignore", "pipe"] });
    const [errors, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
    return { code, errors };
  }

  test("a Redis that does not answer", async () => {
    expect(await saidBy("--broker", "redis://:secret@127.0.0.1:1/0")).toEqual({
      code: 2,
      errors: "perennial: Redis at redis://:***@127.0.0.1:1/0 does not answer: connect ECONNREFUSED 127.0.0.1:1\n",
    });
  });

  test("a wrong option", async () => {
    expect(await saidBy("--brokre", "redis://:secret@h")).toEqual({
      code: 2,
      errors: "perennial: Unknown option '--brokre' (--help lists all options)\n",
    });
  });

  test("an address that is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    expect(await saidBy("--broker", `${redis.url}/0`, "--port", String(port))).toEqual({
      code: 2,
      errors: `perennial: Cannot listen on 127.0.0.1 port ${port}: something else listens there already\n`,
    });
    other.close();
  });
});
