import { execFileSync } from "node:child_process";
import { defineConfig } from "@playwright/test";

/** Browsers of Playwright's own are not downloaded: the system's Chromium does. */
function chromium(): string {
  return execFileSync("sh", ["-c", "command -v chromium || command -v chromium-browser || command -v google-chrome"], {
    encoding: "utf8",
  }).trim();
}

export default defineConfig({
  testDir: "e2e",
  outputDir: ".tools/reports/e2e",
  reporter: [["list"], ["json", { outputFile: ".tools/reports/report.json" }]],
  timeout: 60_000,
  forbidOnly: true,
  workers: 2,
  use: {
    launchOptions: { executablePath: chromium(), args: ["--no-sandbox"] },
    trace: "retain-on-failure",
  },
});
