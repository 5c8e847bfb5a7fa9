"use client";

import {
  type ColumnDef,
  createColumnHelper,
  createSortedRowModel,
  metaHelper,
  type RowData,
  rowSortingFeature,
  type SortingState,
  sortFn_alphanumeric,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { type ReactElement, useState } from "react";

interface ColumnLayout {
  /** Numbers stand at the right. */
  end?: boolean;
  /** Takes what room is left, and is cut there. */
  grow?: boolean;
  /** From which width on it is shown; always where left out. */
  from?: "lg" | "xl" | "2xl";
  /** Line of the row on a phone; the second where left out. */
  phone?: 1 | "none";
  /** What the word in the head means. */
  hint?: string;
}

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric },
  columnMeta: metaHelper<ColumnLayout>(),
});

type Features = typeof features;

/** Builder for the columns of a `DataTable`; the accessor is what is sorted by, undefined last. */
export function columnsOf<Row extends RowData>() {
  return createColumnHelper<Features, Row>();
}

const FROM = { lg: "max-lg:md:hidden", xl: "max-xl:md:hidden", "2xl": "max-2xl:md:hidden" } as const;

function cellClass(layout: ColumnLayout | undefined): string {
  return [
    layout?.end ? "md:text-right" : "",
    layout?.grow ? "md:w-full md:max-w-0" : "",
    layout?.from ? FROM[layout.from] : "",
    layout?.phone === "none"
      ? "max-md:hidden"
      : layout?.phone === 1
        ? "max-md:order-1 max-md:first:min-w-0 max-md:first:grow max-md:first:basis-0"
        : "max-md:order-3 max-md:max-w-full max-md:text-label max-md:text-ink-2",
  ].join(" ");
}

/**
 * A table of what fits on a page, sorted in the browser. On a phone a row has two lines: the columns of line 1, then
 * the others, each with its head before it.
 */
export function DataTable<Row extends RowData>({
  label,
  columns,
  rows,
  rowId,
  sort = [],
}: {
  label: string;
  columns: ColumnDef<Features, Row>[];
  rows: Row[];
  rowId: (row: Row) => string;
  sort?: SortingState;
}): ReactElement {
  const [sorting, setSorting] = useState(sort);
  const table = useTable({
    features,
    columns,
    data: rows,
    getRowId: rowId,
    state: { sorting },
    onSortingChange: setSorting,
    sortDescFirst: true,
  });
  // Without a column that takes the room that is left, the others would be spread over the whole width.
  const isLoose = table.getAllColumns().every(({ columnDef }) => !columnDef.meta?.grow);
  return (
    <table role="table" aria-label={label} className="w-full border-collapse text-table max-md:block">
      <thead role="rowgroup" className="max-md:sr-only">
        {table.getHeaderGroups().map((group) => (
          <tr key={group.id} role="row" className="border-b text-left text-label text-ink-2">
            {group.headers.map((header) => {
              const layout = header.column.columnDef.meta;
              const sorted = header.column.getIsSorted();
              return (
                <th
                  key={header.id}
                  role="columnheader"
                  scope="col"
                  title={layout?.hint}
                  aria-sort={sorted === "asc" ? "ascending" : sorted === "desc" ? "descending" : undefined}
                  className={`px-2 py-1 font-normal whitespace-nowrap first:pl-0 last:pr-0 ${cellClass(layout)}`}
                >
                  {header.column.getCanSort() ? (
                    <button type="button" className="hover:text-ink" onClick={header.column.getToggleSortingHandler()}>
                      <table.FlexRender header={header} />
                      <SortSign sorted={sorted} />
                    </button>
                  ) : (
                    <table.FlexRender header={header} />
                  )}
                </th>
              );
            })}
            {isLoose && <td role="presentation" className="w-full max-md:hidden" />}
          </tr>
        ))}
      </thead>
      <tbody role="rowgroup" className="max-md:block">
        {table.getRowModel().rows.map((row) => (
          <tr
            key={row.id}
            role="row"
            className="border-b border-line/60 hover:bg-paper-2 max-md:flex max-md:flex-wrap max-md:gap-x-3 max-md:py-1.5 max-md:after:order-2 max-md:after:basis-full max-md:after:content-['']"
          >
            {row.getAllCells().map((cell) => {
              const layout = cell.column.columnDef.meta;
              const head = cell.column.columnDef.header;
              return (
                <td
                  key={cell.id}
                  role="cell"
                  data-head={typeof head === "string" ? head : undefined}
                  className={`px-2 first:pl-0 last:pr-0 max-md:px-0 md:h-(--row) md:whitespace-nowrap ${layout?.phone === undefined ? "max-md:before:mr-1 max-md:before:text-ink-2 max-md:before:content-[attr(data-head)]" : ""} ${cellClass(layout)}`}
                >
                  <table.FlexRender cell={cell} />
                </td>
              );
            })}
            {isLoose && <td role="presentation" className="max-md:hidden" />}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Which way a column is sorted; takes its room even when it is not, so that nothing moves. */
export function SortSign({ sorted }: { sorted: false | "asc" | "desc" }): ReactElement {
  return (
    <span aria-hidden className="inline-block w-3 text-center">
      {sorted === "asc" ? "↑" : sorted === "desc" ? "↓" : ""}
    </span>
  );
}
