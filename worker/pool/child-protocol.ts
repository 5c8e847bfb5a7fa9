import type { TaskRequest } from "../../lib/wire/celery/task-request.ts";
import type { LogEntry } from "../log.ts";
import type { Outcome } from "../task/outcome.ts";

/** What a child process is started with, as the JSON of its only argument. */
export interface ChildSettings {
  /** As `loadApplication` takes it. */
  module: string;
  /** Name of the node. */
  hostname: string;
  logLevel: LogEntry["level"];
}

/** What the pool tells a child. */
export type ToChild =
  | { say: "run"; request: TaskRequest; softLimitMs: number | null }
  /** It is idle and shall end. */
  | { say: "leave" };

/** What a child tells the pool. */
export type FromChild =
  /** It has loaded the application. */
  | { say: "ready" }
  /** It could not, and ends. */
  | { say: "broken"; reason: string }
  | { say: "done"; outcome: Outcome; peakKb: number };
