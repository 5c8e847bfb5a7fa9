import { reasonOf } from "../lib/errors.ts";

/** One line of a worker's or producer's log. */
export interface LogEntry {
  level: "info" | "warning" | "error";
  text: string;
  /** What the line is about: a task's id and name, a queue, a reason. */
  about?: Record<string, unknown>;
}

export type Log = (entry: LogEntry) => void;

const LEVELS: readonly LogEntry["level"][] = ["info", "warning", "error"];

let least = LEVELS.indexOf("warning");

/** What `logLines` leaves out: everything below this. Warnings and errors are told by default. */
export function setLogLevel(level: LogEntry["level"]): void {
  least = LEVELS.indexOf(level);
}

export function logLevel(): LogEntry["level"] {
  return LEVELS[least] ?? "warning";
}

/** One JSON object a line to stderr. */
export const logLines: Log = ({ level, text, about }) => {
  if (LEVELS.indexOf(level) < least) return;
  const line = JSON.stringify({ at: new Date().toISOString(), level, text, ...about });
  if (level === "error") console.error(line);
  else console.warn(line);
};

/** For a promise that nobody waits for: what it rejects with is logged. */
export function logFailure(log: Log, text: string, promise: Promise<unknown>): void {
  promise.catch((error: unknown) => log({ level: "error", text, about: { reason: reasonOf(error) } }));
}
