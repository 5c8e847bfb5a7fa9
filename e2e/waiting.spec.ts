import { expect } from "@playwright/test";
import { DESK, expectFitsPhone, PHONE, region, test } from "./journey.ts";
import { type Scene, startScene } from "./scene.ts";

/** Queues that no worker consumes. */
const FULL = "slow";
const LONELY = "math";

const MESSAGES = 120;

let scene: Scene;

test.beforeAll(async () => {
  scene = await startScene([{ name: "garden", queues: ["default"] }]);
});
test.afterAll(() => scene.end());

for (const viewport of [DESK, PHONE]) {
  test.describe(`${viewport.width} px wide`, () => {
    test.use({ viewport });

    test("what waits in a queue is read page by page, and none of it is taken", async ({ page }, info) => {
      const { client, fleet, perennial } = scene;
      await client.del(FULL);
      await fleet.send(Array.from({ length: MESSAGES }, (_, n) => ({ name: "fleet.add", args: [n, `tulip ${n}`], queue: FULL })));
      const before = await client.lrange(FULL, 0, -1);
      expect(before).toHaveLength(MESSAGES);

      await page.goto(perennial.address);
      await region(page, "What needs you")
        .getByRole("link", { name: `${FULL}: No worker that is alive consumes it` })
        .click();
      await expect(page.getByRole("heading", { level: 1 })).toContainText("No consumers");
      await expect(page.getByText("No worker that answers consumes it.")).toBeVisible();
      const waiting = region(page, "Waiting messages");
      await expect(waiting.getByText(String(MESSAGES), { exact: true })).toBeVisible();
      const messages = waiting.locator("ol > li");
      await expect(messages).toHaveCount(50);
      await expectFitsPhone(page);

      const first = messages.first();
      await first.locator("summary").click();
      await expect(first.getByRole("definition").filter({ hasText: "[0, 'tulip 0']" })).toBeVisible();
      await page.screenshot({ path: info.outputPath("queue.png") });
      await expectFitsPhone(page);

      await waiting.getByRole("button", { name: "More" }).click();
      await expect(messages).toHaveCount(100);
      await waiting.getByRole("button", { name: "More" }).click();
      await expect(messages).toHaveCount(MESSAGES);
      await expect(waiting.getByRole("button", { name: "More" })).toHaveCount(0);
      await messages.last().locator("summary").click();
      await expect(
        messages
          .last()
          .getByRole("definition")
          .filter({ hasText: `[${MESSAGES - 1}, 'tulip ${MESSAGES - 1}']` }),
      ).toBeVisible();

      expect(await client.lrange(FULL, 0, -1)).toEqual(before);
    });
  });
}

test("a task that waits is revoked, and no worker that comes later runs it", async ({ page }, info) => {
  const { client, fleet, perennial } = scene;
  const [revoked = ""] = await fleet.send([{ name: "fleet.add", args: [20, 22], queue: LONELY }]);
  await page.goto(`${perennial.address}/queues`);
  await page.getByRole("table", { name: "Queues" }).getByRole("link", { name: LONELY }).click();
  const message = region(page, "Waiting messages").locator("ol > li");
  await expect(message).toContainText("fleet.add");
  await message.locator("summary").click();
  await message.getByRole("link", { name: revoked }).click();

  const heading = page.getByRole("heading", { level: 1 });
  await expect(heading).toContainText("Queued");
  const acts = page.getByRole("group", { name: "Acts" });
  await expect(acts.getByRole("button", { name: "Terminate" })).toBeDisabled();
  await expect(acts.getByRole("button", { name: "Rerun" })).toHaveAccessibleDescription("It is not over; it would run twice.");
  await acts.getByRole("button", { name: "Revoke" }).click();
  const dialog = page.getByRole("dialog", { name: "Revoke this task?" });
  await expect(dialog).toContainText(revoked);
  await page.screenshot({ path: info.outputPath("revoke.png") });
  await expectFitsPhone(page);
  await dialog.getByRole("button", { name: "Revoke it" }).click();
  await expect(dialog.getByRole("status")).toContainText("1 worker was told to drop it; its message was removed from math.");
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(heading).toContainText("Revoked");
  await expect(region(page, /^Events/)).toContainText("local operator revoked it");
  expect(await client.llen(LONELY)).toBe(0);

  await fleet.start([{ name: "latecomer", queues: [LONELY] }]);
  // What is sent after it to the same queue is taken after it.
  const [next = ""] = await fleet.send([{ name: "fleet.add", args: [1, 2], queue: LONELY }]);
  const runsOf = async (id: string) => (await fleet.expectations()).tasks[id]?.attempts.map(({ outcome }) => outcome);
  await expect.poll(() => runsOf(next)).toEqual(["success"]);
  expect(await runsOf(revoked)).toEqual([]);

  await expect(heading).toContainText("Revoked");
  await page.goto(`${perennial.address}/tasks?queue=${LONELY}`);
  const rows = page.getByRole("table", { name: "Tasks" }).getByRole("row");
  await expect(rows.filter({ has: page.locator(`a[href*="${next}"]`) })).toContainText("Succeeded");
  await expect(rows.filter({ has: page.locator(`a[href*="${revoked}"]`) })).toContainText("Revoked");
  await expectFitsPhone(page);
});
