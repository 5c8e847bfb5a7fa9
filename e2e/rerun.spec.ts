import { expect } from "@playwright/test";
import { expectFitsPhone, neverReloaded, region, test } from "./journey.ts";
import { type Scene, startScene } from "./scene.ts";

let scene: Scene;

test.beforeAll(async () => {
  // Celery's own default: what a task was called with is not stored with its result.
  scene = await startScene([{ name: "garden", queues: ["default"] }], { result_extended: false });
});
test.afterAll(() => scene.end());

test("a task that failed is run again with other arguments, and is seen to succeed", async ({ page }, info) => {
  const { fleet, perennial } = scene;
  const [old = ""] = await fleet.send([{ name: "fleet.add", args: [20, "22"], queue: "default" }]);
  await page.goto(`${perennial.address}/tasks`);
  const row = page.getByRole("table", { name: "Tasks" }).getByRole("row").filter({ hasText: "fleet.add" });
  await expect(row).toContainText("Failed");
  await row.getByRole("link").click();
  const heading = page.getByRole("heading", { level: 1 });
  await expect(heading).toContainText("Failed");
  await expect(region(page, "Exception")).toContainText("TypeError");
  const expectSameDocument = await neverReloaded(page);

  await page.getByRole("group", { name: "Acts" }).getByRole("button", { name: "Rerun" }).click();
  const dialog = page.getByRole("dialog", { name: "Rerun as a new task" });
  await expect(dialog).toContainText("Its message is gone; the arguments are read from their Python text, which tells them exactly.");
  const args = dialog.getByRole("textbox", { name: "Arguments", exact: true });
  await expect(args).toHaveValue('[20, "22"]');
  await args.fill("[20, 22");
  await expect(dialog.getByRole("button", { name: "Rerun it" })).toBeDisabled();
  await expect(args).toHaveAttribute("aria-invalid", "true");
  await args.fill("[20, 22, 2500]");
  await page.screenshot({ path: info.outputPath("rerun.png") });
  await expectFitsPhone(page);
  await dialog.getByRole("button", { name: "Rerun it" }).click();
  await expect(dialog.getByRole("status").filter({ hasText: "It was sent again to default as" })).toBeVisible();
  await dialog.getByRole("link", { name: "Open the new task" }).click();

  await expect(page).not.toHaveURL(new RegExp(old));
  const fresh = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  await expect(heading).toContainText("Running");
  await expect(heading).toContainText("Succeeded");
  await expect(region(page, "Arguments and result").getByText("42", { exact: true })).toBeVisible();
  await expect(region(page, /^Events/)).toContainText("It was sent to default by local operator.");
  await expectFitsPhone(page);

  await region(page, "Related tasks")
    .getByRole("link", { name: /fleet\.add/ })
    .click();
  await expect(page).toHaveURL(new RegExp(old));
  await expect(heading).toContainText("Failed");
  await expect(region(page, /^Events/)).toContainText(`local operator sent it again as ${fresh}.`);
  await expect(region(page, "Related tasks").getByRole("link", { name: /Succeeded fleet\.add/ })).toBeVisible();
  await expectFitsPhone(page);
  await expectSameDocument();
});

test("a task whose arguments are not known whole is not run again", async ({ page }) => {
  const { client, fleet, perennial } = scene;
  const [id = ""] = await fleet.send([{ name: "fleet.fail", args: ["tulip ".repeat(500)], queue: "default" }]);
  await page.goto(`${perennial.address}/tasks/${id}`);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Failed");
  await page.getByRole("group", { name: "Acts" }).getByRole("button", { name: "Rerun" }).click();
  const dialog = page.getByRole("dialog", { name: "Rerun as a new task" });
  await expect(dialog).toContainText("It cannot be run again faithfully.");
  await expect(dialog).toContainText("The arguments are not known whole: the arguments were stored cut.");
  await expect(dialog.getByRole("button", { name: "Rerun it" })).toHaveCount(0);
  await expectFitsPhone(page);
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  expect(await client.llen("default")).toBe(0);
});
