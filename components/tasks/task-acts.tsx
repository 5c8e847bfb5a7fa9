"use client";

import { type ReactElement, useState } from "react";
import type { TaskDetail } from "../../lib/contract/task.ts";
import { Button } from "../ui/button.tsx";
import { RerunDialog } from "./rerun-dialog.tsx";
import { RevokeDialog } from "./revoke-dialog.tsx";

type Act = keyof TaskDetail["abilities"];

const WORDS: Record<Act, string> = { rerun: "Rerun", revoke: "Revoke", terminate: "Terminate" };

/** What can be done to the task. What cannot says why under the pointer. */
export function TaskActs({ task, broker }: { task: TaskDetail; broker: string | undefined }): ReactElement {
  const [open, setOpen] = useState<Act | null>(null);
  const close = (): void => setOpen(null);
  return (
    <div className="flex gap-2" role="group" aria-label="Acts">
      {(["rerun", "revoke", "terminate"] as const).map((act) => {
        const { possible, reason } = task.abilities[act];
        return (
          <span key={act} title={possible ? undefined : (reason ?? undefined)}>
            <Button disabled={!possible} aria-description={reason ?? undefined} onClick={() => setOpen(act)}>
              {WORDS[act]}
              {possible ? " …" : ""}
            </Button>
          </span>
        );
      })}
      {open === "rerun" && <RerunDialog task={task.row} broker={broker} onClose={close} />}
      {(open === "revoke" || open === "terminate") && (
        <RevokeDialog task={task.row} broker={broker} terminate={open === "terminate"} onClose={close} />
      )}
    </div>
  );
}
