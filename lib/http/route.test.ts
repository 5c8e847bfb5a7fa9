import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { At, Words } from "../contract/common.ts";
import { AppError, type ErrorCode } from "../errors.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { type RouteHandler, get, post } from "./route.ts";
import { shareMonitor } from "./shared.ts";

const monitor: Monitor = { version: "test", brokers: new Map(), close: async () => {} };
beforeAll(() => shareMonitor(monitor));
afterEach(() => vi.restoreAllMocks());

const Query = z.object({ id: z.string(), state: Words, limit: z.coerce.number().int().min(1).optional(), from: At.optional() });
const echo = get(Query, async (_monitor, viewer, query) => ({ ...query, viewer: viewer.name }));

async function ask(route: RouteHandler, path: string, params: Record<string, string> = {}, init?: RequestInit) {
  const response = await route(new Request(`http://localhost${path}`, init), { params: Promise.resolve(params) });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

describe("a question", () => {
  test("sees the query string, and the path over it", async () => {
    const answer = await ask(echo, "/x?id=other&state=A,B&state=C&limit=5&limit=&__proto__=1", { id: "a/ü" });
    expect(answer.body).toEqual({ id: "a/ü", state: ["A", "B", "C"], limit: 5, viewer: "local operator" });
  });

  test("is answered as JSON that nobody keeps", async () => {
    const { status, headers } = await ask(echo, "/x", { id: "1" });
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("application/json");
    expect(headers.get("cache-control")).toBe("no-store");
  });

  test("that cannot be read says what is wrong with it", async () => {
    const answer = await ask(echo, "/x?limit=0&limit=", { id: "1" });
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ error: { code: "bad-input", message: "limit: Too small: expected number to be >=1" } });
  });

  test.each<[ErrorCode, number]>([
    ["bad-input", 400],
    ["refused", 403],
    ["not-found", 404],
    ["conflict", 409],
    ["unavailable", 503],
    ["fenced", 503],
  ])("that fails with %s is answered %i", async (code, status) => {
    const failing = get(z.object({}), async () => {
      throw new AppError(code, "the reason");
    });
    const answer = await ask(failing, "/x");
    expect(answer.status).toBe(status);
    expect(answer.body.error.message).toBe("the reason");
  });

  test("that we cannot answer is logged without its query, and tells nothing", async () => {
    const log = vi.spyOn(console, "error").mockReturnValue(undefined);
    const failing = get(z.object({}), async () => {
      throw new TypeError("undefined is not a function");
    });
    const answer = await ask(failing, "/api/v1/x?q=secret");
    expect(answer.status).toBe(500);
    expect(answer.body.error.code).toBe("internal");
    expect(answer.body.error.message).not.toContain("undefined");
    expect(log).toHaveBeenCalledOnce();
    expect(log.mock.calls[0]?.[0]).toBe("GET /api/v1/x failed:");
  });
});

describe("a command", () => {
  const Target = z.object({ id: z.string() });
  const Body = z.object({ confirm: z.literal(true) });
  const act = post(Target, Body, async (_monitor, _viewer, { id }) => ({ done: id }));
  const json = { "Content-Type": "application/json" };

  test("is given its target and its body", async () => {
    const answer = await ask(act, "/x", { id: "t" }, { method: "POST", headers: json, body: '{"confirm": true}' });
    expect(answer).toMatchObject({ status: 200, body: { done: "t" } });
  });

  test.each([
    ["not JSON", "{", json, 400],
    ["nothing", undefined, json, 400],
    ["not confirmed", "{}", json, 400],
    ["a form", "confirm=true", { "Content-Type": "application/x-www-form-urlencoded" }, 400],
    ["too large", JSON.stringify({ confirm: true, more: "x".repeat(11_000_000) }), json, 400],
    ["from another site", '{"confirm": true}', { ...json, "Sec-Fetch-Site": "cross-site" }, 403],
  ])("that is %s is refused", async (_, body, headers, status) => {
    const init: RequestInit = { method: "POST", headers: headers as Record<string, string>, ...(body === undefined ? {} : { body }) };
    expect((await ask(act, "/x", { id: "t" }, init)).status).toBe(status);
  });
});
