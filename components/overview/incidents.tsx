"use client";

import type { ReactElement } from "react";
import type { Gap, MalformedKind, Overview } from "../../lib/contract/overview.ts";
import { AgeAndTime, Duration } from "../time/time.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { Count } from "../ui/count.tsx";
import { columnsOf, DataTable } from "../ui/data-table.tsx";
import { Section } from "../ui/section.tsx";
import { visible } from "../value/value.model.ts";

const kindColumn = columnsOf<MalformedKind>();
const kindColumns = kindColumn.columns([
  kindColumn.accessor("where", { header: "Where", meta: { phone: 1 }, cell: ({ getValue }) => <Said text={getValue()} /> }),
  kindColumn.accessor("reason", {
    header: "What is wrong",
    meta: { grow: true },
    cell: ({ getValue }) => <Said text={getValue()} prose />,
  }),
  kindColumn.accessor("count", { header: "Times", meta: { end: true, phone: 1 }, cell: ({ getValue }) => <Count value={getValue()} /> }),
  kindColumn.accessor("lastAt", { header: "Last", meta: { end: true }, cell: ({ getValue }) => <AgeAndTime at={getValue()} /> }),
  kindColumn.accessor((kind) => kind.sample ?? undefined, {
    id: "sample",
    header: "One of them",
    enableSorting: false,
    cell: ({ row: { original } }) =>
      original.sample !== null && (
        <span className="flex min-w-0 items-center">
          <Said text={original.sample} /> <CopyButton text={original.sample} label="what could not be read" />
        </span>
      ),
  }),
]);

const gapColumn = columnsOf<Gap>();
const gapColumns = gapColumn.columns([
  gapColumn.accessor("at", { header: "Until", meta: { phone: 1 }, cell: ({ getValue }) => <AgeAndTime at={getValue()} /> }),
  gapColumn.accessor((gap) => (gap.fromAt === null ? undefined : gap.at - gap.fromAt), {
    id: "length",
    header: "For",
    sortUndefined: "last",
    meta: { end: true, phone: 1 },
    cell: ({ getValue }) => {
      const ms = getValue();
      return ms === undefined ? "not known" : <Duration ms={ms} />;
    },
  }),
  gapColumn.accessor("where", { header: "What", cell: ({ getValue }) => <Said text={getValue()} /> }),
  gapColumn.accessor("reason", { header: "Why", meta: { grow: true }, cell: ({ getValue }) => <Said text={getValue()} prose /> }),
  gapColumn.accessor((gap) => gap.count ?? undefined, {
    id: "count",
    header: "Events",
    sortUndefined: "last",
    meta: { end: true },
    cell: ({ getValue }) => {
      const count = getValue();
      return count === undefined ? "not known" : <Count value={count} />;
    },
  }),
]);

/** What could not be read and what was not heard in the time window; nothing when all was. */
export function Incidents({ overview: { malformed, gaps } }: { overview: Overview }): ReactElement {
  return (
    <>
      {malformed.length > 0 && (
        <Section title="Unreadable" aside="in the time window, by place and reason">
          <DataTable label="Unreadable" columns={kindColumns} rows={malformed} rowId={({ where, reason }) => `${where}\n${reason}`} />
        </Section>
      )}
      {gaps.length > 0 && (
        <Section title="Not heard" aside="in the time window">
          <DataTable label="Not heard" columns={gapColumns} rows={gaps} rowId={({ at, where, reason }) => `${at}\n${where}\n${reason}`} />
        </Section>
      )}
    </>
  );
}

/** A text that may hold whatever somebody put on the broker, in one line, and whole on hover. */
function Said({ text, prose = false }: { text: string; prose?: boolean }): ReactElement {
  return (
    <bdi className={`clip block ${prose ? "" : "said max-w-64"}`} title={visible(text)}>
      {visible(text)}
    </bdi>
  );
}
