import { expect } from "@playwright/test";
import { expectFitsPhone, neverReloaded, region, test } from "./journey.ts";
import { type Scene, startScene } from "./scene.ts";

/** Ten missed heartbeats of two seconds, and some for a slow machine. */
const LOST_WITHIN_MS = 35_000;

let scene: Scene;

test.beforeAll(async () => {
  scene = await startScene([
    { name: "garden", queues: ["default"] },
    { name: "pond", queues: ["slow"], concurrency: 1 },
  ]);
});
test.afterAll(() => scene.end());

test("a worker dies on the screen, and what it ran is lost with it", async ({ page }, info) => {
  const { fleet, perennial } = scene;
  await fleet.send([{ name: "fleet.long", args: [600], queue: "slow" }]);
  await page.goto(perennial.address);
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Workers" }).click();
  const row = page.getByRole("table", { name: "Workers" }).getByRole("row").filter({ hasText: "pond@fleet" });
  await expect(row).toContainText("Online");
  await expect(row).toContainText("1 of 1");
  const expectSameDocument = await neverReloaded(page);

  await fleet.kill("pond");
  const killedAt = Date.now();
  await expect(row).toContainText("Late", { timeout: LOST_WITHIN_MS });
  await expect(row).toContainText(/no heartbeat for \d+ s/);
  await expect(row).toContainText("Lost", { timeout: LOST_WITHIN_MS });
  expect(Date.now() - killedAt).toBeLessThan(LOST_WITHIN_MS);
  await expect(row).toContainText(/nothing heard of it for \d+ s/);
  await expect(page.getByRole("row").filter({ hasText: "garden@fleet" })).toContainText(/Online.*now/);
  await page.screenshot({ path: info.outputPath("workers.png") });
  await expectFitsPhone(page);

  await row.getByRole("link", { name: "pond@fleet" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Lost");
  await expectFitsPhone(page);
  await page.getByRole("link", { name: "All its tasks" }).click();
  const task = page.getByRole("table", { name: "Tasks" }).getByRole("row").filter({ hasText: "fleet.long" });
  await expect(task).toContainText("Lost");
  await task.getByRole("link").click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Lost");
  await expect(page.getByText("was lost with its worker pond@fleet.", { exact: false }).first()).toBeVisible();
  await expect(region(page, /^Events/)).toContainText("Concluded: it was lost with its worker pond@fleet");
  await expectFitsPhone(page);

  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Overview" }).click();
  await expect(region(page, "What needs you").getByRole("link", { name: /^pond@fleet is lost: nothing heard for/ })).toBeVisible();
  await expectSameDocument();
});
