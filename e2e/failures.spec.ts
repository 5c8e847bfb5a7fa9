import { expect, type Page } from "@playwright/test";
import { DESK, expectFitsPhone, hrefs, listenTo, PHONE, region, test } from "./journey.ts";
import { type Scene, startScene } from "./scene.ts";

let scene: Scene;
/** Paths of the tasks that failed, by what they themselves wrote down. */
let failed: string[];

test.beforeAll(async () => {
  scene = await startScene([{ name: "garden", queues: ["default", "math", "slow", "prio", "poolthreads"], concurrency: 4 }]);
  const { fleet } = scene;
  await fleet.produce({ count: 60, kinds: "add,count-words,retry-exhausted,ignored-result-fails,unicode" });
  await fleet.send([
    ...["plain", "from", "plain"].map((how) => ({ name: "fleet.fail", args: [how], queue: "default" })),
    ...["plain", "tulips"].map((how) => ({ name: "fleet.fail", args: [how], queue: "math" })),
  ]);
  await fleet.settled();
  const { tasks } = await fleet.expectations();
  failed = Object.keys(tasks)
    .filter((id) => tasks[id]?.name === "fleet.fail")
    .map((id) => `/tasks/${id}`);
});
test.afterAll(() => scene.end());

/** The list as somebody sees it: how many there are, and which. */
async function expectFailures(page: Page): Promise<void> {
  const list = page.getByRole("table", { name: "Tasks" });
  await expect(page.getByRole("status").filter({ hasText: "5 tasks" })).toContainText("state:FAILURE AND name:fleet.fail");
  await expect.poll(async () => (await hrefs(list)).toSorted()).toEqual(failed.toSorted());
  const rows = list.getByRole("row").filter({ has: page.getByRole("link") });
  await expect(rows).toHaveCount(failed.length);
  await expect(rows.filter({ hasText: "fleet.fail" }).filter({ hasText: "Failed" })).toHaveCount(failed.length);
}

for (const viewport of [DESK, PHONE]) {
  test.describe(`${viewport.width} px wide`, () => {
    test.use({ viewport });

    test("from the verdict to the line of code that failed", async ({ page }, info) => {
      await page.goto(scene.perennial.address);
      await region(page, "What needs you")
        .getByRole("link", { name: /^fleet\.fail has failed/ })
        .click();
      await expect(page.getByRole("table", { name: "Tasks" }).getByRole("link")).toHaveCount(failed.length);
      await expectFitsPhone(page);
      await page.getByRole("table", { name: "Tasks" }).getByRole("row").filter({ hasText: "cannot tulips" }).getByRole("link").click();

      await expect(page.getByRole("heading", { level: 1 })).toContainText("fleet.fail");
      await expect(page.getByRole("heading", { level: 1 })).toContainText("Failed");
      await expect(region(page, "Exception")).toContainText("ValueError: cannot tulips");
      const traceback = region(page, "Traceback");
      await expect(traceback.getByText(/fleet\/tasks\.py:\d+ in fail$/)).toBeVisible();
      await expect(traceback.getByText('raise ValueError(f"cannot {how}")')).toBeVisible();
      await expect(traceback.getByText(/celery\/app\/trace\.py/)).toBeHidden();
      await traceback.scrollIntoViewIfNeeded();
      await page.screenshot({ path: info.outputPath("traceback.png"), fullPage: true });
      await expectFitsPhone(page);
    });

    test("from the table of failures to the newest of them, and to its cause", async ({ page }) => {
      await page.goto(scene.perennial.address);
      const row = page
        .getByRole("table", { name: "Failures" })
        .getByRole("row")
        .filter({ hasText: "fleet.fail" })
        .filter({ hasText: "OrderError" });
      await row.getByRole("link", { name: "fleet.fail" }).click();
      await page.getByRole("table", { name: "Tasks" }).getByRole("link", { name: "fleet.fail" }).click();
      const traceback = region(page, "Traceback");
      await expect(traceback.getByText("KeyError: 'tulip'")).toBeVisible();
      await expect(traceback.getByText(/tasks\.py:\d+ in find_price$/)).toBeVisible();
      await expect(traceback.getByText("OrderError: no price for tulip")).toBeVisible();
      await expectFitsPhone(page);
    });

    test("what was searched for is in the address, for the browser's back and for a colleague", async ({ page, browser }, info) => {
      await page.goto(scene.perennial.address);
      await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Tasks" }).click();
      await expect(page.getByRole("heading", { level: 1, name: "Tasks" })).toBeAttached();
      await page.getByRole("combobox", { name: "Time window" }).selectOption("Last 6 hours");
      await page.getByRole("searchbox", { name: "Search tasks" }).fill("state:FAILURE name:fleet.fail");
      await expectFailures(page);
      const address = new URL(page.url());
      expect(address.searchParams.get("q")).toBe("state:FAILURE name:fleet.fail");
      expect(address.searchParams.get("window")).toBe("6h");

      await page.getByRole("table", { name: "Tasks" }).getByRole("link").first().click();
      await expect(page.getByRole("heading", { level: 1 })).toContainText("fleet.fail");
      await page.goBack();
      await expectFailures(page);
      await expect(page.getByRole("searchbox", { name: "Search tasks" })).toHaveValue("state:FAILURE name:fleet.fail");
      expect(page.url()).toBe(address.href);
      await page.screenshot({ path: info.outputPath("list.png") });
      await expectFitsPhone(page);

      await using context = await browser.newContext({ viewport });
      const colleague = await context.newPage();
      const complaints = await listenTo(colleague);
      await colleague.goto(address.href);
      await expectFailures(colleague);
      await expect(colleague.getByRole("combobox", { name: "Time window" })).toHaveValue("6h");
      expect(complaints).toEqual([]);

      await page.getByRole("combobox", { name: "Time window" }).selectOption("Last 5 minutes");
      await expect(page).toHaveURL(/window=5m/);
      await page.goBack();
      await expect(page.getByRole("combobox", { name: "Time window" })).toHaveValue("6h");
      await expectFailures(page);
    });

    test.describe(() => {
      test.use({ provoked: [/ 400 .*\/api\/v1\/tasks\?/] });

      test("a filter that cannot be read says where, and keeps what was typed", async ({ page }) => {
        await page.goto(`${scene.perennial.address}/tasks?q=retries:many`);
        await expect(page.getByRole("alert").filter({ hasText: "This filter cannot be read." })).toContainText("retries: needs a number");
        await expect(page.getByRole("searchbox", { name: "Search tasks" })).toHaveValue("retries:many");
        await expectFitsPhone(page);
      });
    });
  });
}
