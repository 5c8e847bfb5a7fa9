/** Replay and questions on the view alone, without network and store: `node bench/view.ts --help`. */
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { SORT_FIELDS } from "../lib/contract/task.ts";
import { encodeSegment, readFacts } from "../lib/log/segment.ts";
import type { RowFilter } from "../lib/view/filter.ts";
import { scan, type ScanQuery } from "../lib/view/query.ts";
import { View } from "../lib/view/view.ts";
import { type Figure, figureOf, report } from "./figures.ts";
import { slices } from "./heard.ts";
import { emptyLedger } from "./traffic.ts";

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "1000000" },
    repeats: { type: "string", default: "3" },
    help: { type: "boolean" },
  },
});
const HELP = `Folds a log that lies in memory into a view, then asks the view; CPU time of the one thread that does it.
  --tasks N     tasks, three events each, spread over an hour (1000000)
  --repeats N   median and spread of so many replays, and of so many times 100 ms of each question (3)
`;
const SEGMENT = 1_000;
const HOUR_MS = 3_600_000;
const PAGE = 50;
const BLOCK_MS = 100;

if (values.help === true) process.stdout.write(HELP);
else measure(Number(values.tasks), Number(values.repeats));

function measure(tasks: number, repeats: number): void {
  const startAt = Date.now() - HOUR_MS;
  const segments: Buffer[] = [];
  let next = 1;
  const options = { tasks, workers: 20, names: 100, db: 0, startAt, spacingMs: HOUR_MS / tasks, seed: 1 };
  for (const events of slices(options, emptyLedger(), SEGMENT)) {
    segments.push(encodeSegment({ epoch: "bench", first: next }, events, "packed"));
    next += events.length;
  }
  const events = next - 1;

  const readMs: number[] = [];
  const applyMs: number[] = [];
  let view = new View();
  let bytes = 0;
  const before = memory();
  for (let replay = 0; replay < repeats; replay++) {
    view = new View();
    const took = replayInto(view, segments);
    readMs.push(took.readMs);
    applyMs.push(took.applyMs);
    // Only now: shared memory of an earlier view may be given back late.
    if (replay === 0) bytes = memory() - before;
  }
  report("view-replay", { tasks, events, repeats }, [
    {
      "read facts ms": figureOf(readMs),
      "apply ms": figureOf(applyMs),
      "together ms": figureOf(readMs.map((ms, i) => ms + (applyMs[i] ?? 0))),
      "bytes a task": bytes / tasks,
      "of that table": view.table.bytes / tasks,
      "segments, bytes a task": segments.reduce((sum, { length }) => sum + length, 0) / tasks,
    },
  ]);
  const rows = questions(view, startAt).map(([question, query]) => ({ question, ...asked(view, query, repeats) }));
  report("view-questions", { tasks, repeats }, rows);
}

function replayInto(view: View, segments: readonly Buffer[]): { readMs: number; applyMs: number } {
  let readMs = 0;
  let applyMs = 0;
  let ordinal = 1;
  for (const bytes of segments) {
    const begunAt = threadMs();
    const facts = readFacts(bytes);
    if (!facts.ok) throw new Error(facts.reason);
    const readAt = threadMs();
    for (const event of facts.value.events) view.apply(event, ordinal++);
    readMs += readAt - begunAt;
    applyMs += threadMs() - readAt;
  }
  return { readMs, applyMs };
}

/** Pages as the API asks for them: 50 rows with the exact total. */
function questions(view: View, startAt: number): [string, ScanQuery][] {
  const now = Date.now();
  const list = (filter: RowFilter, more: Partial<ScanQuery> = {}): ScanQuery => ({
    filter,
    sort: "last",
    descending: true,
    limit: PAGE,
    now,
    ...more,
  });
  const everything: RowFilter = { is: "all", of: [] };
  const failure: RowFilter = { is: "match", field: "state", pattern: "FAILURE" };
  const name: RowFilter = { is: "match", field: "name", pattern: "app.module_7.task_7" };
  const worker: RowFilter = { is: "match", field: "worker", pattern: "w3@bench" };
  const hour: RowFilter = { is: "time", field: "ended", from: startAt + HOUR_MS / 2 };
  const someId = view.table.idOf(12_345);
  const deep = deepPage(view, list(everything));
  return [
    ["first page", list(everything)],
    ["state", list(failure)],
    ["name", list(name)],
    ["name with *", list({ is: "match", field: "name", pattern: "app.*7" })],
    ["worker", list(worker)],
    ["exception", list({ is: "match", field: "exception", pattern: "ConnectionError" })],
    ["window", list(hour)],
    ["run time", list({ is: "compare", field: "runtime", by: ">=", value: 2_500 })],
    ["id", list({ is: "match", field: "id", pattern: someId })],
    ["beginning of an id", list({ is: "match", field: "id", pattern: `${someId.slice(0, 6)}*` })],
    ["parent (none match)", list({ is: "match", field: "parent", pattern: someId })],
    ["state, name, worker and window", list({ is: "all", of: [failure, name, worker, hour] })],
    ["not state", list({ is: "not", of: failure })],
    ["the last of all pages", deep],
    ...SORT_FIELDS.flatMap((sort): [string, ScanQuery][] => [
      [`by ${sort}`, list(everything, { sort, descending: false })],
      [`by -${sort}`, list(everything, { sort })],
    ]),
  ];
}

function deepPage(view: View, query: ScanQuery): ScanQuery {
  const [row] = scan(view.table, { ...query, descending: false, limit: PAGE }).rows.slice(-1);
  if (row === undefined) return query;
  return { ...query, after: { value: view.table.read(row).lastAt, id: view.table.idOf(row) } };
}

/** The kernel counts CPU time in steps of 4 ms, so that many asks are timed together. */
function asked(view: View, query: ScanQuery, repeats: number): { ms: Figure; matches: number } {
  const took: number[] = [];
  let matches = 0;
  for (let repeat = -1; repeat < repeats; repeat++) {
    const begunAt = threadMs();
    let asks = 0;
    for (; threadMs() - begunAt < BLOCK_MS; asks++) matches = scan(view.table, query).total;
    if (repeat >= 0) took.push((threadMs() - begunAt) / asks);
  }
  return { ms: figureOf(took), matches };
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** What is in use after garbage collection: of the heap, and outside of it. */
function memory(): number {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
