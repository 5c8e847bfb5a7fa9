"use client";

import type { ReactElement } from "react";
import { queuePath } from "../../lib/client/queues.ts";
import type { QueueRow } from "../../lib/contract/queue.ts";
import { Sparkline } from "../charts/sparkline.tsx";
import { ScopedLink } from "../layout/scoped-link.tsx";
import { Mark } from "../state/mark.tsx";
import { Count } from "../ui/count.tsx";
import { columnsOf, DataTable } from "../ui/data-table.tsx";
import { formatRate } from "../ui/number.model.ts";
import { drainWords, HEALTH, oldestWords } from "./health.model.ts";

const column = columnsOf<QueueRow>();
const columns = column.columns([
  column.accessor("name", {
    header: "Queue",
    meta: { phone: 1 },
    cell: ({ getValue }) => (
      <ScopedLink to={queuePath(getValue())} className="said clip block max-w-80 hover:underline md:max-lg:max-w-44" title={getValue()}>
        {getValue()}
      </ScopedLink>
    ),
  }),
  column.accessor("depth", {
    header: "Waiting",
    meta: { end: true, hint: "Messages in Redis that no worker has taken" },
    cell: ({ getValue }) => <Count value={getValue()} />,
  }),
  column.accessor(({ oldest }) => oldest?.ms, {
    id: "oldest",
    header: "Oldest",
    sortUndefined: "last",
    meta: { end: true, hint: "How long the message that waits longest has waited" },
    cell: ({ row }) => <Oldest queue={row.original} />,
  }),
  column.accessor(({ inPerMinute }) => inPerMinute ?? undefined, {
    id: "in",
    header: "In/min",
    sortUndefined: "last",
    meta: { end: true, phone: "none", hint: "Messages that came in, a minute, over five minutes" },
    cell: ({ row }) => <Rate rate={row.original.inPerMinute} />,
  }),
  column.accessor(({ outPerMinute }) => outPerMinute ?? undefined, {
    id: "out",
    header: "Out/min",
    sortUndefined: "last",
    meta: { end: true, phone: "none", hint: "Messages that were taken, a minute, over five minutes" },
    cell: ({ row }) => <Rate rate={row.original.outPerMinute} />,
  }),
  column.display({
    id: "drains",
    header: "Drains in",
    meta: { end: true, from: "xl", phone: "none" },
    cell: ({ row }) => drainWords(row.original) ?? "–",
  }),
  column.accessor(({ consumers }) => consumers?.length, {
    id: "consumers",
    header: "Workers",
    sortUndefined: "last",
    meta: { end: true, hint: "Workers that consume it and answer" },
    cell: ({ row }) => <span title={row.original.consumers?.join("\n")}>{row.original.consumers?.length ?? "?"}</span>,
  }),
  column.display({
    id: "history",
    header: "In the window",
    meta: { from: "lg", phone: "none" },
    cell: ({ row }) => <Sparkline points={row.original.history} label={`Depth of ${row.original.name} over the time window`} />,
  }),
  column.accessor(({ health }) => HEALTH[health].rank, {
    id: "health",
    header: "Health",
    meta: { phone: 1 },
    cell: ({ row }) => <Mark look={HEALTH[row.original.health]} />,
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

/** Queues in the order in which they came, which is the worst first. */
export function QueueTable({ queues }: { queues: QueueRow[] }): ReactElement {
  return <DataTable label="Queues" columns={columns} rows={queues} rowId={({ name }) => name} />;
}

function Oldest({ queue: { oldest } }: { queue: QueueRow }): ReactElement {
  if (!oldest) return <span className="text-ink-2">–</span>;
  const { text, known } = oldestWords(oldest);
  return <span title={known}>{text}</span>;
}

function Rate({ rate }: { rate: number | null }): ReactElement {
  return rate === null ? (
    <span className="text-ink-2" title="Events do not tell">
      –
    </span>
  ) : (
    <span>{formatRate(rate)}</span>
  );
}
