import type { Overview } from "../contract/overview.ts";
import { QueueMessages } from "../contract/queue.ts";
import { SORT_FIELDS, type TaskRow } from "../contract/task.ts";

/** Whatever the API of a running Perennial answers to a path below `/api/v1`. */
export async function answerTo(address: string, path: string): Promise<unknown> {
  const answer = await fetch(`${address}/api/v1/${path}`);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Ids of all messages that wait in a queue, page by page. */
export async function waitingIds(address: string, queue: string): Promise<(string | null)[]> {
  const ids: (string | null)[] = [];
  let offset: number | null = 0;
  while (offset !== null) {
    const page: QueueMessages = QueueMessages.parse(await answerTo(address, `queues/${queue}/messages?limit=70&offset=${offset}`));
    ids.push(...page.messages.map(({ id }) => id));
    offset = page.next;
  }
  return ids;
}

/**
 * Paths of what can be asked below `/api/v1` about these tasks over a span that is past: every list in every order, and each
 * task, queue, worker and series. Without what workers are asked at that moment, and without searches of texts.
 */
export function allPaths(rows: Iterable<TaskRow>, { queues, workers, byState }: Overview, span: { from: number; to: number }): string[] {
  const within = `from=${span.from}&to=${span.to}`;
  const tasks = [...rows];
  const sorts = SORT_FIELDS.flatMap((field) => [field, `-${field}`]);
  const states = ["", ...Object.keys(byState).map((state) => `&state=${encodeURIComponent(state)}`)];
  const keys = {
    name: new Set(tasks.map(({ name }) => name)),
    queue: new Set(queues.map(({ name }) => name)),
    worker: new Set(workers.map(({ name }) => name)),
  };
  const each = (by: keyof typeof keys): string[] => [...keys[by]].filter((key) => key !== null).map(encodeURIComponent);
  return [
    "brokers",
    `overview?${within}`,
    ...states.flatMap((state) => sorts.map((sort) => `tasks?${within}&sort=${sort}${state}`)),
    ...tasks.map(({ id }) => `tasks/${encodeURIComponent(id)}`),
    `queues?${within}`,
    ...each("queue").map((queue) => `queues/${queue}?${within}`),
    ...each("queue").map((queue) => `queues/${queue}/messages`),
    `workers?${within}`,
    ...each("worker").map((worker) => `workers/${worker}?${within}`),
    `series?${within}`,
    ...(["name", "queue", "worker"] as const).flatMap((by) => each(by).map((key) => `series?${within}&by=${by}&key=${key}`)),
  ];
}

/** What is said of the replica that answers, ages, and cursors, which carry the time of their list. */
const MOMENTARY: ReadonlySet<string> = new Set(["us", "now", "ms", "oldestMs", "askedAt", "readAt", "inPerMinute", "outPerMinute", "next"]);

/** An answer without what depends on the moment and on who is asked: what two replicas must say alike. */
export function lasting(answer: unknown): unknown {
  return JSON.parse(
    JSON.stringify(answer, (key, value: unknown) => {
      if (MOMENTARY.has(key)) return undefined;
      return key === "findings" && Array.isArray(value) ? value.map(withoutText) : value;
    }),
  );
}

/** Its sentence tells how long ago something was. */
function withoutText(finding: Overview["findings"][number]): unknown {
  const { text: _, ...rest } = finding;
  return rest;
}
