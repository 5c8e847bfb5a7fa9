import { valueText } from "./arguments.ts";
import type { StoredTaskEvent } from "./task-events.ts";

const LONGEST = 200;

/** The one line that says most about a task: its exception, its progress or its result. `events` in the order of the log. */
export function whatOf(events: readonly StoredTaskEvent[], state: string): string | null {
  for (const { event } of events.toReversed()) {
    const { type, payload } = event;
    if (type === "task.acted" || payload === undefined) continue;
    if (payload.exception !== undefined && state !== "SUCCESS") return oneLine(payload.exception);
    if (type === "task.succeeded" && payload.result !== undefined) return resultText(payload.result, payload.resultForm);
    if (type === "task.progress") {
      const progress = payload.result ?? payload.data;
      return progress === undefined ? null : resultText(progress, payload.result === undefined ? "repr" : payload.resultForm);
    }
  }
  return null;
}

function resultText(text: string, form: "repr" | "value" | undefined): string {
  return form === "value" ? valueText(text, LONGEST) : oneLine(text);
}

export function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

function oneLine(text: string): string {
  const line = firstLine(text);
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}
