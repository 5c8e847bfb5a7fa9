import { execFileSync } from "node:child_process";
import { defineConfig } from "@playwright/test";

/** Browsers of Playwright's own are not downloaded: the system's Chromium does, or the one that CHROMIUM names. */
function chromium(): string {
  const named = process.env["CHROMIUM"];
  if (named !== undefined) return named;
  return execFileSync("sh", ["-c", "command -v chromium || command -v chromium-browser || command -v google-chrome"], {
    encoding: "utf8",
  }).trim();
}

export default defineConfig({
  testDir: "e2e",
  outputDir: ".tools/reports/e2e",
  reporter: [["list"], ["json", { outputFile: ".tools/reports/report.json" }]],
  timeout: 120_000,
  expect: { timeout: 15_000 },
  forbidOnly: true,
  workers: 2,
  use: {
    launchOptions: { executablePath: chromium(), args: ["--no-sandbox", "--disable-background-networking", "--disable-gpu"] },
    trace: "retain-on-failure",
  },
});
