"use client";

import type { ReactElement } from "react";
import { taskPath } from "../../lib/client/tasks.ts";
import type { FailureGroup } from "../../lib/contract/overview.ts";
import { ScopedLink } from "../layout/scoped-link.tsx";
import { AgeAndTime } from "../time/time.tsx";
import { Count } from "../ui/count.tsx";
import { columnsOf, DataTable } from "../ui/data-table.tsx";

const column = columnsOf<FailureGroup>();
const columns = column.columns([
  column.accessor((group) => group.name ?? undefined, {
    id: "name",
    header: "Task",
    sortUndefined: "last",
    meta: { phone: 1 },
    cell: ({ row: { original } }) => (
      <ScopedLink
        to="/tasks"
        with={listOf(original)}
        className="said clip block max-w-96 hover:underline md:max-lg:max-w-60"
        title={original.name ?? undefined}
      >
        {original.name ?? "Name not known"}
      </ScopedLink>
    ),
  }),
  column.accessor("count", {
    header: "Failed",
    meta: { end: true, phone: 1 },
    cell: ({ row: { original } }) => (
      <ScopedLink to="/tasks" with={listOf(original)} className="hover:underline">
        <Count value={original.count} />
      </ScopedLink>
    ),
  }),
  column.accessor("firstAt", {
    header: "First",
    meta: { end: true, from: "lg", phone: "none" },
    cell: ({ getValue }) => <AgeAndTime at={getValue()} />,
  }),
  column.accessor("lastAt", { header: "Last", meta: { end: true }, cell: ({ getValue }) => <AgeAndTime at={getValue()} /> }),
  column.display({
    id: "sample",
    header: "",
    meta: { phone: "none" },
    cell: ({ row: { original } }) => (
      <ScopedLink to={taskPath(original.sampleId)} className="text-ink-2 hover:text-ink hover:underline">
        latest ›
      </ScopedLink>
    ),
  }),
  column.accessor((group) => group.exceptionType ?? undefined, {
    id: "exception",
    header: "Exception",
    sortUndefined: "last",
    meta: { grow: true },
    cell: ({ row: { original } }) => (
      <span className="said clip block text-ink-2" title={original.exceptionType ?? undefined}>
        {original.exceptionType ?? "not told"}
      </span>
    ),
  }),
]);

function listOf({ name, exceptionType }: FailureGroup): Record<string, string> {
  return { state: "FAILURE", time: "ended", ...(name !== null && { name }), ...(exceptionType !== null && { exception: exceptionType }) };
}

/** What failed in the time window, by task and exception, the most frequent first. */
export function FailureTable({ failures }: { failures: FailureGroup[] }): ReactElement {
  return <DataTable label="Failures" columns={columns} rows={failures} rowId={({ name, exceptionType }) => `${name}\n${exceptionType}`} />;
}
