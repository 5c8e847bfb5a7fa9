"use client";

import type { ReactElement } from "react";
import { taskPath } from "../../lib/client/tasks.ts";
import type { TaskRow } from "../../lib/contract/task.ts";
import { ScopedLink } from "../layout/scoped-link.tsx";
import { StateMark } from "../state/state-mark.tsx";
import { Age, Duration } from "../time/time.tsx";
import { columnsOf, DataTable } from "../ui/data-table.tsx";
import { TaskWhat } from "./task-what.tsx";

const column = columnsOf<TaskRow>();
const columns = column.columns([
  column.accessor((task) => task.name ?? undefined, {
    id: "name",
    header: "Task",
    sortUndefined: "last",
    meta: { phone: 1 },
    cell: ({ row: { original } }) => (
      <ScopedLink
        to={taskPath(original.id)}
        className="said clip block max-w-96 hover:underline md:max-lg:max-w-60"
        title={`${original.name ?? "Name not known"}\n${original.id}`}
      >
        {original.name ?? original.id}
      </ScopedLink>
    ),
  }),
  column.display({
    id: "state",
    header: "State",
    meta: { phone: 1 },
    cell: ({ row: { original } }) => (
      <StateMark
        state={original.state}
        retries={original.retries}
        sentAt={original.sentAt}
        tag={original.tag}
        inferred={original.inferred}
      />
    ),
  }),
  column.accessor((task) => task.runMs ?? undefined, {
    id: "run",
    header: "Run",
    sortUndefined: "last",
    meta: { end: true },
    cell: ({ row: { original } }) => (original.runMs === null ? "–" : <Duration ms={original.runMs} />),
  }),
  column.accessor("lastAt", { header: "Age", meta: { end: true }, cell: ({ getValue }) => <Age at={getValue()} /> }),
  column.display({
    id: "what",
    header: "What",
    meta: { grow: true, phone: "none" },
    cell: ({ row: { original } }) => (
      <span className="clip block">
        <TaskWhat task={original} />
      </span>
    ),
  }),
]);

/** A short list of tasks inside another page. */
export function SomeTasks({ label, tasks, empty }: { label: string; tasks: TaskRow[]; empty: string }): ReactElement {
  if (tasks.length === 0) return <p className="text-table text-ink-2">{empty}</p>;
  return <DataTable label={label} columns={columns} rows={tasks} rowId={({ id }) => id} />;
}
