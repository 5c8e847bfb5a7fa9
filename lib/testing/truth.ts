import { Overview } from "../contract/overview.ts";
import { QueueMessages } from "../contract/queue.ts";
import { TaskDetail, TaskList, type TaskRow } from "../contract/task.ts";
import type { Expectation, ExpectedTask } from "./fleet.ts";

/** Where Perennial is asked. */
export interface Questions {
  list(query: { cursor?: string; limit: number; state?: string }): Promise<TaskList>;
  task(id: string): Promise<TaskDetail>;
  overview(broker?: string): Promise<Overview>;
  /** A page of 200 of what waits in a queue, the next one to be taken first. */
  waiting(queue: string, at?: { broker?: string; offset?: number }): Promise<QueueMessages>;
}

/** The API of a running Perennial. */
export function questionsTo(address: string): Questions {
  const ask = async (path: string, query: object = {}): Promise<unknown> => {
    const url = new URL(`${address}/api/v1/${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`${url.pathname}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  return {
    list: async (query) => TaskList.parse(await ask("tasks", { window: "6h", ...query })),
    task: async (id) => TaskDetail.parse(await ask(`tasks/${encodeURIComponent(id)}`)),
    overview: async (broker) => Overview.parse(await ask("overview", { broker: broker ?? "" })),
    waiting: async (queue, at = {}) =>
      QueueMessages.parse(await ask(`queues/${encodeURIComponent(queue)}/messages`, { limit: 200, ...at })),
  };
}

/** Clocks of one machine; the ledger and the events are written a little before or after the same moment. */
const TOLERANCE_MS = 1_500;
const PAGE = 1_000;

/** Everything that Perennial says otherwise than the truth, as sentences that begin with the kind of difference. */
export async function differences(truth: Expectation, questions: Questions): Promise<string[]> {
  const rows = await allRows(questions);
  const found = [...missing(truth, rows), ...unexpected(truth, rows), ...(await totals(rows, questions))];
  for (const [id, expected] of Object.entries(truth.tasks)) {
    const row = rows.get(id);
    if (row !== undefined) found.push(...rowDifferences(expected, row));
  }
  // Two thousand details take their time: they are asked when the list is right.
  if (found.length > 0) return found;
  for (const [id, expected] of Object.entries(truth.tasks)) found.push(...attemptDifferences(expected, await questions.task(id)));
  return found;
}

export async function allRows(questions: Questions): Promise<Map<string, TaskRow>> {
  const rows = new Map<string, TaskRow>();
  let cursor: string | null = null;
  do {
    const page: TaskList = await questions.list({ limit: PAGE, ...(cursor === null ? {} : { cursor }) });
    for (const row of page.tasks) rows.set(row.id, row);
    cursor = page.next;
  } while (cursor !== null);
  return rows;
}

function missing(truth: Expectation, rows: Map<string, TaskRow>): string[] {
  return Object.entries(truth.tasks)
    .filter(([id]) => !rows.has(id))
    .map(([id, task]) => `missing: ${id} ${task.name} (${task.why})`);
}

/** Celery's own tasks (`celery.accumulate` and the like) are in no ledger. */
function unexpected(truth: Expectation, rows: Map<string, TaskRow>): string[] {
  const neverSent = new Set(truth.neverSent);
  return [...rows.values()].flatMap((row) => {
    if (row.id in truth.tasks || row.name?.startsWith("celery.") === true) return [];
    if (!neverSent.has(row.id)) return [`unexpected: ${row.id} ${row.name} ${row.state}`];
    return row.state === "SUCCESS" || row.state === "FAILURE" ? [`never sent, but ${row.state}: ${row.id} ${row.name}`] : [];
  });
}

/** Every total must be what one counts by hand. */
async function totals(rows: Map<string, TaskRow>, questions: Questions): Promise<string[]> {
  const counted = new Map<string, number>();
  for (const { state } of rows.values()) counted.set(state, (counted.get(state) ?? 0) + 1);
  const { byState } = await questions.overview();
  const found: string[] = [];
  for (const state of new Set([...counted.keys(), ...Object.keys(byState)])) {
    const count = counted.get(state) ?? 0;
    if ((byState[state] ?? 0) !== count) found.push(`overview: ${byState[state]} ${state}, counted ${count}`);
    const list = await questions.list({ state, limit: 1 });
    if (list.total.value !== count || !list.total.exact) found.push(`list total: ${list.total.value} ${state}, counted ${count}`);
  }
  return found;
}

function rowDifferences(expected: ExpectedTask, row: TaskRow): string[] {
  const found: string[] = [];
  const differ = (what: string, told: unknown, truth: unknown): void => {
    found.push(
      `${what}: ${String(told)} instead of ${String(truth)} for ${row.id} ${expected.name} (${expected.why}${row.inferred ? ", inferred" : ""})`,
    );
  };
  if (!expected.states.includes(row.state)) differ("state", row.state, expected.states.join(" or "));
  if (row.name !== null && !expected.names.includes(row.name)) differ("name", row.name, expected.names.join(" or "));
  if (row.name === null && expected.sent) differ("name", null, expected.name);
  if (row.queue !== null && expected.queue !== null && row.queue !== expected.queue) differ("queue", row.queue, expected.queue);
  if (row.queue === null && expected.queue !== null && expected.sent) differ("queue", null, expected.queue);
  if (row.state === "FAILURE" && expected.exceptionTypes.length > 0 && !expected.exceptionTypes.includes(row.exceptionType ?? "")) {
    differ("exception", row.exceptionType, expected.exceptionTypes.join(" or "));
  }
  const last = expected.attempts.at(-1);
  if (last?.told === true && row.worker !== last.worker) differ("worker", row.worker, last.worker);
  const times = [row.receivedAt, row.startedAt, row.endedAt].filter((at) => at !== null);
  if (times.some((at, i) => i > 0 && at < (times[i - 1] ?? 0))) differ("order of times", times.join(", "), "ascending");
  return found;
}

function attemptDifferences(expected: ExpectedTask, detail: TaskDetail): string[] {
  const found: string[] = [];
  const name = `${detail.row.id} ${expected.name} (${expected.why})`;
  const ran = detail.attempts.filter((attempt) => attempt.startedAt !== null);
  for (const truth of expected.attempts.filter((attempt) => attempt.told)) {
    const told = ran.filter((attempt) => attempt.retries === truth.retries && attempt.worker === truth.worker);
    if (told.length === 0) {
      found.push(`attempt: none of retries ${truth.retries} on ${truth.worker} for ${name}`);
    } else if (
      !told.some(
        (attempt) =>
          near(attempt.startedAt, truth.beganAt) &&
          (truth.endedAt === null || attempt.endedAt === null || near(attempt.endedAt, truth.endedAt)),
      )
    ) {
      found.push(
        `attempt times: ${told.map((one) => `${one.startedAt}-${one.endedAt}`).join(", ")} instead of ${truth.beganAt}-${truth.endedAt} for ${name}`,
      );
    }
  }
  if (ran.length > expected.attempts.length) found.push(`attempts: ${ran.length} instead of ${expected.attempts.length} for ${name}`);
  return found;
}

function near(told: number | null, truth: number): boolean {
  return told !== null && Math.abs(told - truth) <= TOLERANCE_MS;
}
