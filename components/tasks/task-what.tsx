import type { ReactElement } from "react";
import type { TaskRow } from "../../lib/contract/task.ts";
import { Age } from "../time/time.tsx";

/** The last cell of a task's row: exception, progress or result; of one that waits for its time, when that is. */
export function TaskWhat({ task: { what, state, etaAt } }: { task: TaskRow }): ReactElement | null {
  const isDue = etaAt !== null && (state === "SCHEDULED" || state === "RETRY");
  if (what === null && !isDue) return null;
  return (
    <span className="text-ink-2" title={what ?? undefined}>
      {isDue && (
        <>
          due <Age at={etaAt} suffix=" ago" />
          {what !== null && " · "}
        </>
      )}
      {what !== null && <span className="said">{what}</span>}
    </span>
  );
}
