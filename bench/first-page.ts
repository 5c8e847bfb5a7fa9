/** How soon a browser that was never here shows something useful, and how much script that takes: `node bench/first-page.ts --help`. */
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { type Browser, chromium } from "@playwright/test";
import { TaskList } from "../lib/contract/task.ts";
import { withRedis } from "../lib/testing/redis-server.ts";
import { figureOf, report } from "./figures.ts";
import { fillLog } from "./fill.ts";
import { startPerennial } from "./perennial.ts";

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "100000" },
    repeats: { type: "string", default: "5" },
    help: { type: "boolean" },
  },
});
const HELP = `Opens pages of Perennial in Chromium with an empty cache: time until it shows what it is for, and compressed bytes of script.
  --tasks N     tasks in the log (100000)
  --repeats N   of each page, after one that is not counted, because the server loads a page's code when it is first asked (5)
`;

/** What no page shows before it has its answers. */
const CONTENT = "main :is(h1, table, section, [role=table], [role=row])";

interface Visit {
  firstByteMs: number;
  firstPaintMs: number;
  usefulMs: number;
  /** Compressed. */
  documentBytes: number;
  /** Of the script that the document itself names; without it nothing on the page does anything. */
  scriptBytes: number;
  laterScriptBytes: number;
  styleBytes: number;
}

if (values.help === true) process.stdout.write(HELP);
else await measure(Number(values.tasks), Number(values.repeats));

async function measure(tasks: number, repeats: number): Promise<void> {
  await using redis = await withRedis();
  await fillLog(redis.url, tasks);
  const watcher = await startPerennial(redis.url, ["--max-tasks", String(tasks * 2)]);
  const browser = await chromium.launch({ executablePath: installed(), args: ["--no-sandbox"] });
  try {
    const failed = TaskList.parse(await watcher.ask.json("/api/v1/tasks?state=FAILURE&limit=1")).tasks[0]?.id ?? "";
    const rows: Record<string, unknown>[] = [];
    for (const path of ["/", "/tasks", `/tasks/${failed}`, "/workers"]) {
      const visits: Visit[] = [];
      for (let visit = -1; visit < repeats; visit++) {
        const seen = await open(browser, watcher.address + path);
        if (visit >= 0) visits.push(seen);
      }
      rows.push({ page: path.replace(failed, "…"), ...summary(visits) });
    }
    report("first-page", { tasks, repeats }, rows);
  } finally {
    await browser.close();
    await watcher.stop();
  }
}

function summary(visits: readonly Visit[]) {
  const all = (value: (visit: Visit) => number) => figureOf(visits.map(value));
  return {
    "first byte ms": all(({ firstByteMs }) => firstByteMs),
    "first paint ms": all(({ firstPaintMs }) => firstPaintMs),
    "useful content ms": all(({ usefulMs }) => usefulMs),
    "document kB": all(({ documentBytes }) => documentBytes / 1_000),
    "script kB": all(({ scriptBytes }) => scriptBytes / 1_000),
    "later script kB": all(({ laterScriptBytes }) => laterScriptBytes / 1_000),
    "style kB": all(({ styleBytes }) => styleBytes / 1_000),
  };
}

async function open(browser: Browser, address: string): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 800 } });
  try {
    const page = await context.newPage();
    await page.addInitScript((content) => {
      const look = (): void => {
        if (document.querySelector(content) === null) requestAnimationFrame(look);
        else document.documentElement.dataset["usefulAt"] = String(performance.now());
      };
      requestAnimationFrame(look);
    }, CONTENT);
    await page.goto(address, { waitUntil: "load" });
    // Charts come after the rest.
    await page.waitForTimeout(1_500);
    return await page.evaluate((): Visit => {
      const [navigation] = performance.getEntriesByType("navigation").filter((entry) => entry instanceof PerformanceNavigationTiming);
      const resources = performance.getEntriesByType("resource").filter((entry) => entry instanceof PerformanceResourceTiming);
      const size = (wanted: readonly PerformanceResourceTiming[]): number =>
        wanted.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
      const scripts = resources.filter(({ name }) => /\.js(?:\?|$)/.test(name));
      const loadedAt = navigation?.domContentLoadedEventStart ?? 0;
      return {
        firstByteMs: navigation?.responseStart ?? NaN,
        firstPaintMs: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
        usefulMs: Number(document.documentElement.dataset["usefulAt"]),
        documentBytes: navigation?.encodedBodySize ?? NaN,
        scriptBytes: size(scripts.filter(({ startTime }) => startTime <= loadedAt)),
        laterScriptBytes: size(scripts.filter(({ startTime }) => startTime > loadedAt)),
        styleBytes: size(resources.filter(({ name }) => /\.css(?:\?|$)/.test(name))),
      };
    });
  } finally {
    await context.close();
  }
}

function installed(): string {
  return execFileSync("sh", ["-c", "command -v chromium || command -v chromium-browser || command -v google-chrome"]).toString().trim();
}
