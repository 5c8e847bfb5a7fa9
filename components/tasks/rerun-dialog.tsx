"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactElement, useId, useState } from "react";
import { rerunDraftOptions, rerunTask } from "../../lib/client/tasks.ts";
import type { RerunDraft, TaskRow } from "../../lib/contract/task.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Failure, Notice } from "../ui/notice.tsx";
import { provenanceOf } from "../value/provenance.model.ts";
import { Outcome } from "./act-outcome.tsx";
import { checkJson, requestOf } from "./rerun.model.ts";

/** Sends the same call again, as a new task. The arguments can be changed before. */
export function RerunDialog({ task, broker, onClose }: { task: TaskRow; broker: string | undefined; onClose: () => void }): ReactElement {
  const draft = useQuery({ ...rerunDraftOptions(task.id, broker), refetchOnReconnect: false });
  return (
    <Dialog title="Rerun as a new task" onClose={onClose}>
      {draft.data ? (
        <RerunFormOf draft={draft.data} broker={broker} onClose={onClose} />
      ) : draft.error ? (
        <Failure what="The call" error={draft.error} retry={() => void draft.refetch()} />
      ) : (
        <Notice title="Looking for the whole message …" role="status" />
      )}
    </Dialog>
  );
}

function RerunFormOf({ draft, broker, onClose }: { draft: RerunDraft; broker: string | undefined; onClose: () => void }): ReactElement {
  const cache = useQueryClient();
  const [form, setForm] = useState({ args: draft.args ?? "", kwargs: draft.kwargs ?? "", queue: draft.queue ?? "" });
  const rerun = useMutation({
    mutationFn: () => rerunTask(draft.id, broker, requestOf(draft, form)),
    onSuccess: () => cache.invalidateQueries({ queryKey: ["task", draft.id] }),
  });

  if (draft.args === null || draft.kwargs === null || draft.name === null) {
    return (
      <div className="grid gap-3">
        <p className="font-medium">It cannot be run again faithfully.</p>
        <p>{draft.reason}</p>
        <div className="flex justify-end">
          <Button onClick={onClose}>Close</Button>
        </div>
      </div>
    );
  }

  const args = checkJson(form.args, "list");
  const kwargs = checkJson(form.kwargs, "object");
  return (
    <form
      className="grid gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        rerun.mutate();
      }}
    >
      <p className="said font-medium break-all">{draft.name}</p>
      <p className="text-ink-2">
        {draft.source === null ? "" : `Arguments ${provenanceOf(draft.source, "value")}. `}
        {draft.reason}
      </p>
      <Field
        label="Arguments"
        problem={args.ok ? null : args.reason}
        value={form.args}
        onChange={(value) => setForm({ ...form, args: value })}
      />
      <Field
        label="Keyword arguments"
        problem={kwargs.ok ? null : kwargs.reason}
        value={form.kwargs}
        onChange={(value) => setForm({ ...form, kwargs: value })}
      />
      <Field label="Queue" problem={null} value={form.queue} onChange={(value) => setForm({ ...form, queue: value })} line />
      {rerun.data ? (
        <Outcome outcome={rerun.data} onClose={onClose} />
      ) : (
        <>
          <p className="text-ink-2">It runs with a new id. What the first run has done is not undone.</p>
          {rerun.error && (
            <p role="alert" className="text-failure">
              {rerun.error.message}
            </p>
          )}
          <div className="flex justify-end gap-2">
            <Button onClick={onClose}>Leave it</Button>
            <Button kind="main" type="submit" disabled={!args.ok || !kwargs.ok || rerun.isPending}>
              {rerun.isPending ? "Sending …" : "Rerun it"}
            </Button>
          </div>
        </>
      )}
    </form>
  );
}

function Field({
  label,
  value,
  problem,
  onChange,
  line = false,
}: {
  label: string;
  value: string;
  problem: string | null;
  onChange: (value: string) => void;
  line?: boolean;
}): ReactElement {
  const id = useId();
  const shared = {
    id,
    value,
    spellCheck: false,
    autoComplete: "off",
    "aria-invalid": problem !== null,
    "aria-describedby": `${id}-problem`,
    className: "w-full rounded-md border border-ink-3 bg-paper px-2 py-1 font-mono text-table",
  };
  return (
    <div className="grid gap-1">
      <label htmlFor={id} className="text-table text-ink-2">
        {label}
      </label>
      {line ? (
        <input {...shared} onChange={(event) => onChange(event.target.value)} />
      ) : (
        <textarea
          {...shared}
          rows={Math.min(12, Math.max(2, value.split("\n").length))}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
      <p id={`${id}-problem`} role="status" className="min-h-4 text-label text-failure">
        {problem}
      </p>
    </div>
  );
}
