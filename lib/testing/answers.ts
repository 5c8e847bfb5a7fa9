import type { Overview } from "../contract/overview.ts";
import { SORT_FIELDS, type TaskRow } from "../contract/task.ts";

/** Paths of everything that can be asked below `/api/v1` about these tasks over a span that is past. */
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
