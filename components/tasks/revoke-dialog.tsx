"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { revokeTask } from "../../lib/client/tasks.ts";
import type { RevokeRequest, TaskRow } from "../../lib/contract/task.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Outcome } from "./act-outcome.tsx";

type Signal = NonNullable<RevokeRequest["signal"]>;

const SIGNALS: Record<Signal, string> = {
  SIGTERM: "SIGTERM: end now",
  SIGKILL: "SIGKILL: end now, whatever it does",
  SIGINT: "SIGINT: as Ctrl-C does",
  SIGUSR1: "SIGUSR1: soft time limit, an exception in the task",
  SIGQUIT: "SIGQUIT: end now, with its handlers skipped",
};

/** Revoke forgets a task that waits; terminate kills the process that runs it. They are never offered as one. */
export function RevokeDialog({
  task,
  broker,
  terminate,
  onClose,
}: {
  task: TaskRow;
  broker: string | undefined;
  terminate: boolean;
  onClose: () => void;
}): ReactElement {
  const cache = useQueryClient();
  const [signal, setSignal] = useState<Signal>("SIGTERM");
  const revoke = useMutation({
    mutationFn: () => revokeTask(task.id, broker, terminate ? { terminate, signal, confirm: true } : { confirm: true }),
    onSuccess: () => cache.invalidateQueries({ queryKey: ["task", task.id] }),
  });
  const word = terminate ? "Terminate" : "Revoke";
  return (
    <Dialog title={`${word} this task?`} onClose={onClose}>
      <div className="grid gap-3">
        <p className="said text-table break-all">
          {task.name ?? "Name not known"}
          <br />
          <span className="text-ink-2">{task.id}</span>
        </p>
        {terminate ? (
          <>
            <p>
              The pool process that runs it
              {task.worker === null ? (
                ""
              ) : (
                <>
                  {" "}
                  on <span className="said break-all">{task.worker}</span>
                </>
              )}{" "}
              gets a signal and ends. What the task has done so far stays done. If that process has meanwhile begun another task, that one
              dies instead; a task that runs beside it in the same process dies too.
            </p>
            <label className="grid gap-1 text-table">
              <span className="text-ink-2">Signal</span>
              <select
                value={signal}
                onChange={({ target: { value } }) => setSignal(isSignal(value) ? value : "SIGTERM")}
                className="h-8 rounded-md border border-ink-3 bg-paper px-2"
              >
                {Object.entries(SIGNALS).map(([name, means]) => (
                  <option key={name} value={name}>
                    {means}
                  </option>
                ))}
              </select>
            </label>
          </>
        ) : (
          <p>
            Every worker that is up now is told to drop the task when it comes to it. Its message is taken out of its queue, so that no
            worker that starts later runs it; only a part of a chord stays, because a worker has to tell its chord. A task that already runs
            goes on.
          </p>
        )}
        {revoke.data ? (
          <Outcome outcome={revoke.data} onClose={onClose} />
        ) : (
          <>
            {revoke.error && (
              <p role="alert" className="text-failure">
                {revoke.error.message}
              </p>
            )}
            <div className="flex justify-end gap-2">
              <Button onClick={onClose}>Leave it</Button>
              <Button kind="danger" disabled={revoke.isPending} onClick={() => revoke.mutate()}>
                {revoke.isPending ? "Sending …" : `${word} it`}
              </Button>
            </div>
          </>
        )}
      </div>
    </Dialog>
  );
}

function isSignal(value: string): value is Signal {
  return Object.hasOwn(SIGNALS, value);
}
