import { expect, type Page, test } from "@playwright/test";
import { Redis } from "ioredis";
import { type RedisServer, withRedis } from "../lib/testing/redis-server.ts";
import { type Perennial, startPerennial } from "./perennial.ts";

const SEP = "\x06\x16";
const QUEUE = "mail/out going";
const MESSAGE = {
  body: Buffer.from("[[1], {}, {}]").toString("base64"),
  "content-encoding": "utf-8",
  "content-type": "application/json",
  headers: { lang: "py", task: "send_mail", id: "6b0c5d1e-0d3c-4d0e-9c2e-1f6f1a2b3c4d", root_id: null, parent_id: null, retries: 0 },
  properties: {
    correlation_id: "6b0c5d1e-0d3c-4d0e-9c2e-1f6f1a2b3c4d",
    delivery_mode: 2,
    delivery_info: { exchange: "", routing_key: QUEUE },
    priority: 0,
    body_encoding: "base64",
    delivery_tag: "8a2f",
  },
};

/** Everything that a page under a strict policy and a prefix can get wrong without looking wrong. */
async function watched(page: Page, address: string) {
  const problems: string[] = [];
  const documents: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith(address)) problems.push(`asks ${request.url()}`);
    if (request.isNavigationRequest()) documents.push(request.url());
  });
  page.on("response", (response) => {
    if (response.status() >= 400) problems.push(`${response.status()} ${response.url()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  return { problems, documents };
}

for (const prefix of ["", "/ops/celery"]) {
  test.describe(`served at ${prefix || "the root"}`, () => {
    let redis: RedisServer;
    let perennial: Perennial;

    test.beforeAll(async () => {
      redis = await withRedis();
      const writer = new Redis(redis.url);
      await writer.sadd(`_kombu.binding.${QUEUE}`, QUEUE + SEP + SEP + QUEUE);
      await writer.lpush(QUEUE, JSON.stringify(MESSAGE));
      writer.disconnect();
      perennial = await startPerennial("--broker", `${redis.url}/0`, "--prefix", prefix);
    });
    test.afterAll(async () => {
      await perennial.stop();
      await redis.stop();
      expect(perennial.errors()).toBe("");
    });

    test("pages follow each other in the browser, and nothing is asked outside or refused", async ({ page }) => {
      const { address } = perennial;
      const { problems, documents } = await watched(page, address);
      const rail = page.getByRole("navigation").first();

      await page.goto(address);
      await expect(page.getByText("waiting", { exact: false }).first()).toBeVisible();
      // A part of the page's script that is only fetched when it is needed.
      await expect(page.locator("svg.recharts-surface").first()).toBeVisible();
      expect(await page.evaluate(() => [...document.fonts].some(({ status }) => status === "loaded"))).toBe(true);

      await rail.getByRole("link", { name: "Queues" }).click();
      await page.getByRole("link", { name: QUEUE, exact: true }).click();
      await expect(page.getByRole("heading", { name: QUEUE })).toBeVisible();
      expect(new URL(page.url()).pathname).toBe(`${prefix}/queues/${encodeURIComponent(QUEUE)}`);
      expect(documents).toHaveLength(1);

      await page.goBack();
      await expect(page).toHaveURL(new RegExp(`^${address}/queues(\\?|$)`));
      await page.goForward();
      await expect(page.getByRole("heading", { name: QUEUE })).toBeVisible();
      expect(documents).toHaveLength(1);

      await page.reload();
      await expect(page.getByRole("heading", { name: QUEUE })).toBeVisible();
      await rail.getByRole("link", { name: "Tasks" }).click();
      await expect(page).toHaveURL(new RegExp(`^${address}/tasks(\\?|$)`));
      await expect(page.getByText("send_mail").first()).toBeVisible();
      expect(documents).toHaveLength(2);
      expect(problems).toEqual([]);
    });

    test("a page that does not exist runs its scripts under the same policy", async ({ page }) => {
      const { problems } = await watched(page, perennial.address);
      const response = await page.goto(`${perennial.address}/nothing/here`);
      expect(response?.status()).toBe(404);
      await page.waitForFunction(() => Object.keys(document.body).some((key) => key.startsWith("__react")));
      expect(problems.filter((problem) => !problem.includes("404"))).toEqual([]);
    });

    test("whoever has had the prefix stripped gets the same", async ({ request }) => {
      const { origin } = new URL(perennial.address);
      expect((await request.get(`${origin}/healthz`)).status()).toBe(200);
      const html = await (await request.get(`${origin}/queues`)).text();
      expect(html).toContain(`src="${prefix}/_next/static/`);
      expect(html).not.toContain("__perennial__");
    });

    test("scripts are kept for ever by browsers, and pages are not", async ({ request }) => {
      const page = await request.get(perennial.address);
      expect(page.headers()["cache-control"]).toContain("no-store");
      const [, script] = /src="([^"]+\.js)"/.exec(await page.text()) ?? [];
      const answer = await request.get(new URL(script ?? "", perennial.address).href);
      expect(answer.headers()["cache-control"]).toContain("immutable");
      expect(answer.headers()["content-encoding"]).toBeDefined();
    });
  });
}
