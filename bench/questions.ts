/** How fast the API answers over much history while events come in, with Flower beside: `node bench/questions.ts --help`. */
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { SORT_FIELDS, TaskList } from "../lib/contract/task.ts";
import { withRedis } from "../lib/testing/redis-server.ts";
import type { Asker } from "./ask.ts";
import { type Child, startChild } from "./child.ts";
import { percentile, report } from "./figures.ts";
import { fillLog } from "./fill.ts";
import { datatablePath, startFlower } from "./flower.ts";
import { startPerennial } from "./perennial.ts";
import { cpuSeconds } from "./usage.ts";
import { Waits } from "./waits.ts";
import type { Watcher } from "./watcher.ts";

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "100000,1000000" },
    flower: { type: "string", default: "100000" },
    rate: { type: "string", default: "1000" },
    asks: { type: "string", default: "100" },
    only: { type: "string", default: "" },
    help: { type: "boolean" },
  },
});
const HELP = `Asks the API over one kept connection, one question after another, while events come in at a rate.
  --tasks LIST   tasks in Perennial's log (100000,1000000); empty for none
  --flower LIST  tasks that Flower was told of (100000); empty for none
  --rate N       events a second that come in meanwhile; 0 for none (1000)
  --asks N       of each question; the slowest of a hundred is the 99th percentile (100)
  --only TEXT    only questions that hold this text
Times are without what the threads that take part waited for a core; beside them the 99th percentile as it was.
`;
const PUBLISH = new URL("publish.ts", import.meta.url).pathname;
/** Events a second that Flower takes in without falling behind. */
const FLOWER_RATE = 3_000;
/** Longer than all questions take; the publisher is ended when they are done. */
const PUBLISHED_SECONDS = 600;
const WARM_UP = 5;
/** A question that takes longer is not asked a hundred times. */
const BUDGET_MS = 20_000;

type Row = Record<string, unknown>;

if (values.help === true) process.stdout.write(HELP);
else await measure();

async function measure(): Promise<void> {
  const rows: Row[] = [];
  for (const tasks of numbers(values.tasks)) rows.push(...(await perennial(tasks)));
  for (const tasks of numbers(values.flower)) rows.push(...(await flower(tasks)));
  report("questions", { rate: values.rate, asks: values.asks }, rows);
}

async function perennial(tasks: number): Promise<Row[]> {
  await using redis = await withRedis();
  await fillLog(redis.url, tasks);
  const watcher = await startPerennial(redis.url, ["--max-tasks", String(tasks * 2)]);
  try {
    const asked = TaskList.parse(await watcher.ask.json(tasksPath({ limit: "200", state: "FAILURE" })));
    const task = asked.tasks.at(-1);
    if (task === undefined) throw new Error("No task failed");
    const deep = TaskList.parse(await watcher.ask.json(tasksPath({ limit: "1000" }))).next ?? "";
    await using _ = await incoming(redis.url, 0);
    const rows = await askAll(watcher, tasks, redis.pid, perennialQuestions(task.id, deep));
    if (values.only === "" || "text search".includes(values.only)) {
      for (const text of ["customer-424242", "idempotency_key", "no such text"]) rows.push(await search(watcher.ask, tasks, text));
    }
    return rows;
  } finally {
    await watcher.stop();
  }
}

function perennialQuestions(id: string, deep: string): [string, string][] {
  const list = (name: string, query: Record<string, string>): [string, string] => [name, tasksPath(query)];
  return [
    list("first page", {}),
    list("state", { state: "FAILURE" }),
    list("several states", { state: "FAILURE,RETRY,STARTED" }),
    list("name", { name: "app.module_7.task_7" }),
    list("name with *", { name: "app.*7" }),
    list("worker", { worker: "w3@bench" }),
    list("exception", { exception: "ConnectionError" }),
    list("window", { window: "15m", time: "ended" }),
    list("run time", { runMin: "2500" }),
    list("parent (none match)", { parent: id }),
    list("root", { root: id }),
    list("state, name, worker and window", { state: "FAILURE", name: "app.module_7.task_7", worker: "w7@bench", window: "1h" }),
    list("none matches", { name: "no.such.name" }),
    list("filter text on rows", { q: "state:FAILURE AND NOT name:app.module_1*" }),
    list("page behind 1,000", { cursor: deep }),
    list("1,000 rows", { limit: "1000" }),
    ...SORT_FIELDS.flatMap((field) => [list(`by ${field}`, { sort: field }), list(`by -${field}`, { sort: `-${field}` })]),
    ["task with timeline", `/api/v1/tasks/${id}`],
    ["overview", "/api/v1/overview"],
    ["series, 1 h", "/api/v1/series?window=1h"],
    ["series of a name, 1 h", "/api/v1/series?window=1h&by=name&key=app.module_7.task_7"],
    ["workers", "/api/v1/workers"],
    ["queues", "/api/v1/queues"],
    ["/metrics", "/metrics"],
  ];
}

function tasksPath(query: Record<string, string>): string {
  return `/api/v1/tasks?${new URLSearchParams(query)}`;
}

async function flower(tasks: number): Promise<Row[]> {
  await using redis = await withRedis();
  const watcher = await startFlower(redis.url);
  try {
    {
      await using publisher = publish(redis.url, tasks, FLOWER_RATE, 1);
      for await (const _ of publisher.lines());
    }
    while ((await watcher.countTasks()) < tasks) await delay(1_000);
    await using _ = await incoming(redis.url, 1);
    return await askAll(watcher, tasks, redis.pid, [
      ["/api/tasks, 50", "/api/tasks?limit=50"],
      ["/api/tasks, 50, state", "/api/tasks?limit=50&state=FAILURE"],
      ["/api/tasks, 50, name", "/api/tasks?limit=50&taskname=app.module_7.task_7"],
      ["/api/tasks, 50, worker", "/api/tasks?limit=50&workername=w3@bench"],
      ["/api/tasks, 50, by -received", "/api/tasks?limit=50&sort_by=-received"],
      ["/api/tasks, 50, by name", "/api/tasks?limit=50&sort_by=name"],
      ["/api/tasks, 50 behind 1,000", "/api/tasks?limit=50&offset=1000"],
      ["tasks page, by received", datatablePath("received", 50)],
      ["tasks page, by name", datatablePath("name", 50)],
      ["tasks page, by runtime", datatablePath("runtime", 50)],
      ["tasks page, search args:customer-424242", datatablePath("received", 50, "args:customer-424242")],
      ["tasks page, search no such text", datatablePath("received", 50, "nosuchtext")],
      ["/metrics", "/metrics"],
    ]);
  } finally {
    await watcher.stop();
  }
}

async function askAll(watcher: Watcher, tasks: number, redisPid: number, questions: readonly [string, string][]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [question, path] of questions) {
    if (!question.includes(values.only)) continue;
    rows.push({ watcher: watcher.name, tasks, question, ...(await askMany(watcher, path, redisPid)) });
  }
  return rows;
}

async function askMany(watcher: Watcher, path: string, redisPid: number) {
  const took: number[] = [];
  let body = "";
  for (let i = 0; i < WARM_UP; i++) await watcher.ask.json(path).catch(() => undefined);
  const waits = new Waits(watcher.child.pid, redisPid);
  const asMeasured: number[] = [];
  const begun = { at: performance.now(), cpu: cpuSeconds(watcher.child.pid) };
  while (took.length < Number(values.asks) && (took.length === 0 || performance.now() - begun.at < BUDGET_MS)) {
    waits.begin();
    const answer = await watcher.ask.get(path);
    const waited = waits.end();
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${answer.body.slice(0, 300)}`);
    took.push(Math.max(0, answer.ms - waited));
    asMeasured.push(answer.ms);
    body = answer.body;
  }
  return {
    "p50 ms": percentile(took, 0.5),
    "p99 ms": percentile(took, 0.99),
    "p99 ms with waits": percentile(asMeasured, 0.99),
    asks: took.length,
    "CPU ms each, events included": ((cpuSeconds(watcher.child.pid) - begun.cpu) * 1_000) / took.length,
    kB: body.length / 1_000,
  };
}

/** A text search to its end: page after page until none is left, as a browser does. */
async function search(ask: Asker, tasks: number, text: string): Promise<Row> {
  const begunAt = performance.now();
  let cursor: string | null = "";
  let firstMs: number | undefined;
  let found = 0;
  let pages = 0;
  while (cursor !== null) {
    const page: TaskList = TaskList.parse(
      await ask.json(tasksPath({ q: `"${text}"`, limit: "1000", ...(cursor === "" ? {} : { cursor }) })),
    );
    pages += 1;
    found += page.tasks.length;
    if (found > 0) firstMs ??= performance.now() - begunAt;
    cursor = page.next;
    // What is found on every page is found at once; its end is no figure.
    if (found > 20_000) break;
  }
  const seconds = (performance.now() - begunAt) / 1_000;
  return {
    watcher: "perennial",
    tasks,
    question: `text search "${text}"`,
    "all after s": seconds,
    "first found after ms": firstMs,
    found,
    pages,
  };
}

async function incoming(url: string, seed: number): Promise<AsyncDisposable> {
  const rate = Number(values.rate);
  if (rate === 0) return { [Symbol.asyncDispose]: async () => Promise.resolve() };
  const publisher = publish(url, Math.round((rate * PUBLISHED_SECONDS) / 3), rate, seed + 2);
  for await (const line of publisher.lines()) if (line === "begun") break;
  return publisher;
}

function publish(url: string, tasks: number, rate: number, seed: number): Child {
  return startChild(process.execPath, [PUBLISH, "--url", url, "--tasks", String(tasks), "--rate", String(rate), "--seed", String(seed)]);
}

function numbers(list: string): number[] {
  return list === "" ? [] : list.split(",").map(Number);
}
