import type { Overview } from "../../lib/contract/overview.ts";
import { formatShare } from "../ui/number.model.ts";

/** The first line of the page: whether anybody is needed. */
export function verdictOf({ findings, workers, queues, ended, us }: Overview): string {
  const urgent = findings.filter(({ severity }) => severity !== "note").length;
  if (urgent > 0) return urgent === 1 ? "1 thing needs you" : `${urgent} things need you`;
  if (!us.connected) return "Redis does not answer";
  const alive = workers.filter(({ state }) => state === "online" || state === "silent").length;
  const share = formatShare(ended.failed, ended.failed + ended.succeeded);
  const parts = [
    alive === 0 ? "No worker has been heard" : alive === 1 ? "The one worker answers" : `All ${alive} workers answer`,
    queues.length === 0 ? "no queue has been seen" : "queues drain",
    ended.failed + ended.succeeded === 0
      ? "nothing ended in this time window"
      : ended.failed === 0
        ? "nothing failed"
        : `${share} of the runs failed`,
  ];
  return `${parts.join(", ")}.`;
}

/** Whether any event about a task has ever been heard: without, most of the page must stay empty. */
export function hearsTasks({ us, byState, findings }: Pick<Overview, "us" | "byState" | "findings">): boolean {
  if (findings.some(({ kind }) => kind === "no-events")) return false;
  return us.tasks > 0 || Object.values(byState).some((count) => count > 0);
}
