import { globSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { Problem } from "../../../lib/contract/common.ts";
import { ENDPOINTS, type Endpoint } from "../../../lib/http/endpoints.ts";
import type { RouteHandler } from "../../../lib/http/route.ts";
import { shareMonitor } from "../../../lib/http/shared.ts";
import { type TestMonitor, taskEvent, testMonitor, workerEvent } from "../../../lib/testing/monitor.ts";

/** Ids and names are whatever an application makes them. */
const ODD = "a/b ü%?#[x]";
const NOW = Date.now();
let prod: TestMonitor;

beforeEach(async () => {
  prod = testMonitor();
  shareMonitor(prod.monitor);
  const args = { args: "(1,)", kwargs: "{}", argsForm: "repr" as const };
  await prod.tell(
    workerEvent("worker.heartbeat", ODD, NOW, { queues: [ODD] }),
    taskEvent("task.sent", ODD, NOW, { name: "n", queue: ODD, payload: args }),
    taskEvent("task.failed", ODD, NOW + 1, { worker: ODD, exceptionType: "E", payload: { exception: "E: no" } }),
  );
  prod.sample({ at: NOW, queues: [{ name: ODD, byPriority: [{ priority: 0, depth: 1 }] }] });
});

/** The handlers of the route at an address such as `/api/v1/tasks/{id}`. */
async function handlersOf(path: string): Promise<Record<string, RouteHandler>> {
  const file = `${path.replace("/api/v1/", "./").replaceAll("{", "[").replaceAll("}", "]")}/route.ts`;
  return (await import(file)) as Record<string, RouteHandler>;
}

async function ask({ method, path }: Endpoint, init: RequestInit = {}, name = ODD): Promise<Response> {
  const handler = (await handlersOf(path))[method.toUpperCase()];
  if (handler === undefined) throw new Error(`${path} has no ${method}`);
  // As Next does it: the address keeps its escapes, the params are decoded once.
  const params = Object.fromEntries(Array.from(path.matchAll(/\{(\w+)\}/g), ([, key = ""]) => [key, name]));
  const address = path.replace(/\{\w+\}/, encodeURIComponent(name));
  return handler(new Request(`http://localhost${address}`, { method: method.toUpperCase(), ...init }), { params: Promise.resolve(params) });
}

const questions = ENDPOINTS.filter(({ method, answer }) => method === "get" && answer.stream !== true);
const commands = ENDPOINTS.filter(({ method }) => method === "post");
const order = (body: unknown): RequestInit => ({ headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

test("the document lists every route and every method", async () => {
  const files = globSync("**/route.ts", { cwd: import.meta.dirname });
  const found: string[] = [];
  for (const file of files) {
    const path = `/api/v1/${file.replace("/route.ts", "").replaceAll("[", "{").replaceAll("]", "}")}`;
    const handlers = await handlersOf(path);
    found.push(...Object.keys(handlers).map((method) => `${method.toLowerCase()} ${path}`));
  }
  const listed = ENDPOINTS.map(({ method, path }) => `${method} ${path}`);
  expect(found.toSorted()).toEqual([...listed, "get /api/v1/openapi.json"].toSorted());
});

describe("a question", () => {
  test.each(questions.map((endpoint): [string, Endpoint] => [endpoint.path, endpoint]))(
    "%s is answered as documented",
    async (_, endpoint) => {
      const response = await ask(endpoint);
      const body: unknown = await response.json();
      expect(response.status, JSON.stringify(body)).toBe(200);
      expect(endpoint.answer.schema.safeParse(body).error).toBeUndefined();
    },
  );

  test.each(questions.filter(({ path }) => /\{\w+\}$/.test(path)).map((endpoint): [string, Endpoint] => [endpoint.path, endpoint]))(
    "%s about something that nobody told of is a 404",
    async (_, endpoint) => {
      const response = await ask(endpoint, {}, "nowhere");
      expect(response.status).toBe(404);
      expect(Problem.parse(await response.json()).error.code).toBe("not-found");
    },
  );
});

describe("an order", () => {
  test.each(commands.map((endpoint): [string, Endpoint] => [endpoint.path, endpoint]))("%s must be confirmed", async (_, endpoint) => {
    expect((await ask(endpoint, order({}))).status).toBe(400);
  });

  test("to run a task again is carried out", async () => {
    const rerun = commands.find(({ path }) => path.endsWith("/rerun"));
    const response = await ask(rerun!, order({ confirm: true }));
    const body: unknown = await response.json();
    expect(rerun!.answer.schema.safeParse(body).error).toBeUndefined();
    expect(prod.broker.published).toMatchObject([{ name: "n", queue: ODD, args: "[1]" }]);
  });

  test("to revoke a task that is over is a conflict", async () => {
    const revoke = commands.find(({ path }) => path.endsWith("/revoke"));
    expect((await ask(revoke!, order({ confirm: true }))).status).toBe(409);
  });
});

test("the live stream begins, and ends with its request", async () => {
  const live = ENDPOINTS.find(({ answer }) => answer.stream === true);
  const request = new AbortController();
  const response = await ask(live!, { signal: request.signal });
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader.read()).value).toContain(":");
  await prod.tell(taskEvent("task.sent", "fresh", NOW));
  expect((await reader.read()).value).toContain('"tasks":["fresh"]');
  request.abort();
  expect((await reader.read()).done).toBe(true);
});
