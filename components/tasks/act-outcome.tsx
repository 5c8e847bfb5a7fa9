import type { ReactElement } from "react";
import { taskPath } from "../../lib/client/tasks.ts";
import type { ActOutcome } from "../../lib/contract/task.ts";
import { ScopedLink } from "../layout/scoped-link.tsx";
import { Button } from "../ui/button.tsx";

/** What became of an order, at the foot of its dialog. */
export function Outcome({ outcome, onClose }: { outcome: ActOutcome; onClose: () => void }): ReactElement {
  return (
    <div role="status" className="grid gap-3">
      <p>{outcome.message}</p>
      <div className="flex justify-end gap-2">
        {outcome.id !== null && (
          <ScopedLink
            to={taskPath(outcome.id)}
            onClick={onClose}
            className="inline-flex h-(--row) items-center rounded-md border border-ink bg-ink px-2.5 text-table text-paper"
          >
            Open the new task
          </ScopedLink>
        )}
        <Button onClick={onClose}>Close</Button>
      </div>
    </div>
  );
}
