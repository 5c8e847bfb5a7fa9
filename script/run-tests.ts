import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";

/** Called by script/test with the names of steps, when everything that they need is installed. */

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** A step that says nothing for so long hangs. */
const LIMIT_MS = 20 * 60_000;
const REPORTS = ".tools/reports";

const vitest = (project: string) => () =>
  reported(
    ["npx", "vitest", "run", "--project", project, "--reporter=default", "--reporter=json", `--outputFile.json=${REPORTS}/report.json`],
    (report) => ({
      passed: numberAt(report, "numPassedTests"),
      failed: numberAt(report, "numFailedTests"),
      skipped: numberAt(report, "numPendingTests") + numberAt(report, "numTodoTests"),
    }),
  );

const STEPS: Record<string, [title: string, run: () => Promise<Counts>][]> = {
  check: [
    ["format", () => command(["npm", "run", "--silent", "check:format"])],
    ["lint", () => command(["npm", "run", "--silent", "check:lint"])],
    ["types", () => command(["npm", "run", "--silent", "check:types"])],
    ["dead code", () => command(["npm", "run", "--silent", "check:dead"])],
  ],
  pure: [["tests that need nothing", vitest("pure")]],
  redis: [["tests on Redis", vitest("redis")]],
  build: [["build", () => command(["bash", "-c", "set -e; source script/setup.sh; build_pages"])]],
  fleet: [["tests with Celery workers", vitest("fleet")]],
  worker: [["our worker beside Celery's", vitest("worker")]],
  e2e: [
    [
      "journeys in a browser",
      () =>
        reported(["npx", "playwright", "test"], (report) => {
          const stats = isObject(report) ? report["stats"] : undefined;
          return {
            passed: numberAt(stats, "expected"),
            failed: numberAt(stats, "unexpected") + numberAt(stats, "flaky"),
            skipped: numberAt(stats, "skipped"),
          };
        }),
    ],
  ],
};

const total: Counts = { passed: 0, failed: 0, skipped: 0 };
for (const name of process.argv.slice(2)) {
  const runs = STEPS[name];
  if (runs === undefined) {
    console.error(`There is no step ${name}; there are ${Object.keys(STEPS).join(", ")}.`);
    process.exit(2);
  }
  for (const [title, run] of runs) {
    console.log(`\n── ${title}`);
    const startedAt = Date.now();
    const counts = await run();
    console.log(`── ${title}: ${lineOf(counts)} in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
    for (const outcome of ["passed", "failed", "skipped"] as const) total[outcome] += counts[outcome];
  }
}
console.log(`\n${lineOf(total)}`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);

function lineOf({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** A tool without tests of its own counts as one. */
async function command(args: string[]): Promise<Counts> {
  const isFine = await runs(args);
  return { passed: isFine ? 1 : 0, failed: isFine ? 0 : 1, skipped: 0 };
}

/** A test runner, by the report that it wrote. One that fails without a failed test, or without a report, counts as one failure. */
async function reported(args: string[], read: (report: unknown) => Counts): Promise<Counts> {
  const path = `${REPORTS}/report.json`;
  rmSync(path, { force: true });
  mkdirSync(REPORTS, { recursive: true });
  const isFine = await runs(args);
  try {
    const counts = read(JSON.parse(readFileSync(path, "utf8")));
    return isFine || counts.failed > 0 ? counts : { ...counts, failed: 1 };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

function runs([program = "", ...args]: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"], timeout: LIMIT_MS, killSignal: "SIGKILL" });
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });
}

function numberAt(object: unknown, key: string): number {
  const value = isObject(object) ? object[key] : undefined;
  return typeof value === "number" ? value : 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
