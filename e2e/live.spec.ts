import { type Browser, expect, type Locator, type Page } from "@playwright/test";
import { withRedis } from "../lib/testing/redis-server.ts";
import { expectFitsPhone, hrefs, neverReloaded, test } from "./journey.ts";
import { type Scene, startScene } from "./scene.ts";

/** Health is looked after every ten seconds, whatever else changes. */
const SAID_WITHIN_MS = 30_000;

let scene: Scene;

/** How many tasks there are so far. */
let sent = 0;

test.beforeAll(async () => {
  scene = await startScene([{ name: "garden", queues: ["default"], concurrency: 1 }]);
  await send(20);
});
test.afterAll(() => scene.end());

async function send(count: number): Promise<string[]> {
  sent += count;
  return await scene.fleet.send(Array.from({ length: count }, (_, n) => ({ name: "fleet.add", args: [n, n], queue: "default" })));
}

async function openTasks(page: Page): Promise<void> {
  await page.goto(`${scene.perennial.address}/tasks`);
  await expect(countOf(page, sent)).toBeVisible();
}

function countOf(page: Page, count: number): Locator {
  return page.getByRole("status").getByText(`${count} tasks`, { exact: true });
}

test("what is new is announced, and moves nothing under the pointer", async ({ page }, info) => {
  await openTasks(page);
  const table = page.getByRole("table", { name: "Tasks" });
  const expectSameDocument = await neverReloaded(page);
  await table.getByRole("link").nth(2).hover();
  await expect.poll(() => hrefs(table)).toHaveLength(sent);
  const before = await hrefs(table);

  const ids = await send(7);
  const announced = page.getByRole("button", { name: "+7 new" });
  await expect(announced).toBeVisible();
  expect(await hrefs(table)).toEqual(before);
  await page.screenshot({ path: info.outputPath("new.png") });

  await announced.click();
  await expect.poll(async () => (await hrefs(table)).length).toBe(sent);
  expect((await hrefs(table)).slice(0, 7).toSorted()).toEqual(ids.map((id) => `/tasks/${id}`).toSorted());
  await expect(announced).toHaveCount(0);

  // The pointer is out of the list now: what comes is shown by itself.
  await send(1);
  await expect.poll(async () => (await hrefs(table)).length).toBe(sent);
  await expectSameDocument();
  await expectFitsPhone(page);
});

test("a paused page stays as it is, and catches up", async ({ page, browser }) => {
  await openTasks(page);
  await page.keyboard.press(".");
  await expect(page.getByRole("button", { name: "Paused" })).toBeVisible();
  const before = await page.getByRole("main").innerText();

  await send(3);
  await expectElsewhere(browser);
  expect(withoutAges(await page.getByRole("main").innerText())).toBe(withoutAges(before));

  await page.keyboard.press(".");
  await expect(page.getByRole("button", { name: "Live" })).toBeVisible();
  await expect(countOf(page, sent)).toBeVisible();
  await expectFitsPhone(page);
});

/** Another page has all that was sent. */
async function expectElsewhere(browser: Browser): Promise<void> {
  await using context = await browser.newContext();
  const page = await context.newPage();
  await openTasks(page);
}

/** Ages go on: they are about now. */
function withoutAges(text: string): string {
  return text.replace(/\b\d+ ?(s|m|h)\b/g, "…");
}

test.describe("a Redis that goes away", () => {
  // What cannot be read is refused, and browsers write every refusal to their console.
  test.use({ provoked: [/the server responded with a status of 503/] });

  test("and is only too slow: is said, and over when it answers", async ({ page }, info) => {
    await openTasks(page);
    const expectSameDocument = await neverReloaded(page);
    process.kill(scene.redis.pid, "SIGSTOP");
    const alert = page.getByRole("alert").filter({ hasText: "What you see is from before" });
    try {
      await expect(alert).toContainText("Redis does not answer", { timeout: SAID_WITHIN_MS });
      await page.screenshot({ path: info.outputPath("away.png") });
      await expectFitsPhone(page);
    } finally {
      process.kill(scene.redis.pid, "SIGCONT");
    }
    await expect(alert).toHaveCount(0, { timeout: SAID_WITHIN_MS });
    await send(2);
    await expect(countOf(page, sent)).toBeVisible({ timeout: SAID_WITHIN_MS });
    await expectSameDocument();
  });

  test("and comes back empty: is said, and what was known stays", async ({ page }) => {
    await openTasks(page);
    const expectSameDocument = await neverReloaded(page);
    await scene.redis.stop();
    const alert = page.getByRole("alert").filter({ hasText: "What you see is from before" });
    await expect(alert).toBeVisible({ timeout: SAID_WITHIN_MS });
    await using _redis = await withRedis({ port: scene.redis.port });
    await expect(alert).toHaveCount(0, { timeout: SAID_WITHIN_MS });
    await send(2);
    await expect(countOf(page, sent)).toBeVisible({ timeout: SAID_WITHIN_MS });
    await expectSameDocument();
  });
});
