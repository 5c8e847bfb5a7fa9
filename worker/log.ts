import { reasonOf } from "../lib/errors.ts";

/** One line of a worker's or producer's log. */
export interface LogEntry {
  level: "info" | "warning" | "error";
  text: string;
  /** What the line is about: a task's id and name, a queue, a reason. */
  about?: Record<string, unknown>;
}

export type Log = (entry: LogEntry) => void;

/** One JSON object a line to stderr, for whatever went wrong. */
export const logTrouble: Log = ({ level, text, about }) => {
  if (level === "info") return;
  const line = JSON.stringify({ at: new Date().toISOString(), level, text, ...about });
  if (level === "error") console.error(line);
  else console.warn(line);
};

/** For a promise that nobody waits for: what it rejects with is logged. */
export function logFailure(log: Log, text: string, promise: Promise<unknown>): void {
  promise.catch((error: unknown) => log({ level: "error", text, about: { reason: reasonOf(error) } }));
}
