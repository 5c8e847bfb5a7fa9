"use client";

import type { ReactElement } from "react";
import { workerPath } from "../../lib/client/workers.ts";
import type { WorkerRow } from "../../lib/contract/worker.ts";
import { ScopedLink } from "../layout/scoped-link.tsx";
import { Mark } from "../state/mark.tsx";
import { Age } from "../time/time.tsx";
import { Count } from "../ui/count.tsx";
import { columnsOf, DataTable } from "../ui/data-table.tsx";
import { showsLifeNow, slotWords, WORKER_LOOKS } from "./worker.model.ts";

const column = columnsOf<WorkerRow>();
const columns = column.columns([
  column.accessor("name", {
    header: "Worker",
    meta: { phone: 1 },
    cell: ({ row: { original } }) => (
      <ScopedLink
        to={workerPath(original.name)}
        className="said clip block max-w-80 hover:underline md:max-lg:max-w-60"
        title={original.name}
      >
        {original.name}
        {original.kind === "beat" && <span className="text-ink-2"> beat</span>}
      </ScopedLink>
    ),
  }),
  column.accessor(({ state }) => WORKER_LOOKS[state].rank, {
    id: "state",
    header: "State",
    meta: { phone: 1 },
    cell: ({ row }) => <Mark look={WORKER_LOOKS[row.original.state]} />,
  }),
  column.accessor(({ active }) => active ?? undefined, {
    id: "slots",
    header: "Running",
    sortUndefined: "last",
    meta: { end: true, hint: "Tasks that run, of the slots of its pool" },
    cell: ({ row }) => slotWords(row.original),
  }),
  column.accessor(({ prefetched }) => prefetched ?? undefined, {
    id: "prefetched",
    header: "Prefetched",
    sortUndefined: "last",
    meta: { end: true, from: "lg", hint: "Taken from the broker and not begun" },
    cell: ({ row }) => <Maybe value={row.original.prefetched} />,
  }),
  column.accessor("succeeded", {
    header: "Succeeded",
    meta: { end: true, from: "xl", phone: "none" },
    cell: ({ getValue }) => <Count value={getValue()} />,
  }),
  column.accessor("failed", { header: "Failed", meta: { end: true }, cell: ({ getValue }) => <Count value={getValue()} /> }),
  column.accessor(({ processed }) => processed ?? undefined, {
    id: "processed",
    header: "Processed",
    sortUndefined: "last",
    meta: { end: true, from: "2xl", phone: "none", hint: "Since it started, as it says itself" },
    cell: ({ row }) => <Maybe value={row.original.processed} />,
  }),
  column.display({
    id: "load",
    header: "Load",
    meta: { end: true, from: "xl", phone: "none", hint: "Load average of its machine over 1, 5 and 15 minutes" },
    cell: ({ row }) => row.original.loadavg?.map((load) => load.toFixed(1)).join(" ") ?? "–",
  }),
  column.accessor(({ lastSeenAt }) => lastSeenAt ?? undefined, {
    id: "seen",
    header: "Seen",
    sortUndefined: "last",
    meta: { end: true, hint: "Since its last sign of life" },
    cell: ({ row: { original } }) =>
      showsLifeNow(original) ? "now" : original.lastSeenAt === null ? "never" : <Age at={original.lastSeenAt} />,
  }),
  column.display({
    id: "queues",
    header: "Queues",
    meta: { from: "lg", phone: "none" },
    cell: ({ row }) => (
      <span className="said clip block max-w-60 text-ink-2" title={row.original.queues?.join("\n")}>
        {row.original.queues?.join(" ") ?? "not told"}
      </span>
    ),
  }),
  column.display({
    id: "reason",
    header: "Why",
    meta: { grow: true, from: "lg", phone: "none" },
    cell: ({ row }) => (
      <span className="clip block text-ink-2" title={row.original.reason}>
        {row.original.reason}
      </span>
    ),
  }),
]);

/** Workers in the order in which they came, which is those in trouble first. */
export function WorkerTable({ workers }: { workers: WorkerRow[] }): ReactElement {
  return <DataTable label="Workers" columns={columns} rows={workers} rowId={({ name }) => name} />;
}

function Maybe({ value }: { value: number | null }): ReactElement {
  return value === null ? <span className="text-ink-2">–</span> : <Count value={value} />;
}
