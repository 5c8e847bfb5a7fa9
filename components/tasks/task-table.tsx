"use client";

import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useRouter } from "next/navigation";
import { type MouseEvent, type ReactElement, useEffect, useEffectEvent, useLayoutEffect, useRef, useState } from "react";
import { nextSort, type TaskSearch } from "../../lib/client/task-search.ts";
import { taskPath } from "../../lib/client/tasks.ts";
import { changeAddress } from "../../lib/client/use-address.ts";
import type { TaskRow } from "../../lib/contract/task.ts";
import { ScopedLink, useScopedPath } from "../layout/scoped-link.tsx";
import { useKeys } from "../layout/use-keys.ts";
import { SortSign } from "../ui/data-table.tsx";
import { TASK_COLUMNS, TASK_GRID } from "./task-columns.tsx";

/** Rows drawn by the server and in the first render, before the height of the window is known. */
const FIRST_ROWS = 40;
const OVERSCAN = 12;
/** So many rows before its end the list is continued. */
const AHEAD = 30;

/** The list of tasks. Only the rows in sight are drawn; j and k walk through all of them. */
export function TaskTable({
  rows,
  sort,
  total,
  more,
}: {
  rows: TaskRow[];
  sort: TaskSearch["sort"];
  total: number;
  more: (() => void) | null;
}): ReactElement {
  const body = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState<{ top: number; row: number } | null>(null);
  const [current, setCurrent] = useState(-1);

  useLayoutEffect(() => {
    const measure = (): void => {
      const box = body.current;
      if (!box) return;
      const top = Math.round(box.getBoundingClientRect().top + window.scrollY);
      const row = box.firstElementChild?.nextElementSibling?.getBoundingClientRect().height ?? 28;
      setPlace((before) => (before && before.top === top && before.row === row ? before : { top, row }));
    };
    measure();
    // What stands above may grow, and a turned phone has rows of another height.
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);

  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => place?.row ?? 28,
    scrollMargin: place?.top ?? 0,
    overscan: OVERSCAN,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, place?.row]);

  const items = place ? virtualizer.getVirtualItems() : [];
  const first = place ? (items[0]?.index ?? 0) : 0;
  const last = place ? (items.at(-1)?.index ?? -1) : Math.min(FIRST_ROWS, rows.length) - 1;
  const height = place?.row ?? 0;

  const continues = useEffectEvent(() => more?.());
  const nearEnd = last >= rows.length - AHEAD;
  useEffect(() => {
    if (nearEnd) continues();
  }, [nearEnd, rows.length]);

  const step = (by: number): void => {
    const next = Math.min(rows.length - 1, Math.max(0, current + by));
    setCurrent(next);
    virtualizer.scrollToIndex(next);
    // The row may have to be drawn first.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => body.current?.querySelector<HTMLElement>(`[data-index="${next}"] a`)?.focus({ preventScroll: true })),
    );
  };
  useKeys({ j: () => step(1), k: () => step(-1) });

  return (
    <div role="table" aria-label="Tasks" aria-rowcount={total + 1} className="text-table">
      <div role="rowgroup" className="sticky top-(--bar) z-10 -mx-3 border-b bg-paper px-3 max-md:sr-only md:-mx-4 md:px-4">
        <div role="row" aria-rowindex={1} className={`text-label text-ink-2 ${TASK_GRID}`}>
          {TASK_COLUMNS.map(({ id, head, hint, sort: field, className }) => {
            const sorted =
              field === undefined ? false : (sort ?? "-last") === field ? "asc" : (sort ?? "-last") === `-${field}` ? "desc" : false;
            return (
              <div
                key={id}
                role="columnheader"
                title={hint}
                aria-sort={sorted === "asc" ? "ascending" : sorted === "desc" ? "descending" : undefined}
                className={`py-1 ${className}`}
              >
                {field === undefined ? (
                  head
                ) : (
                  <button
                    type="button"
                    className="whitespace-nowrap hover:text-ink"
                    onClick={() => changeAddress({ sort: nextSort(sort, field) })}
                  >
                    {head}
                    {sorted && <SortSign sorted={sorted} />}
                  </button>
                )}
              </div>
            );
          })}
        </div>
      </div>
      <div ref={body} role="rowgroup">
        <div style={{ height: first * height }} />
        {rows.slice(first, last + 1).map((task, offset) => (
          <Row key={task.id} task={task} index={first + offset} onFocus={() => setCurrent(first + offset)} />
        ))}
        <div style={{ height: Math.max(0, rows.length - last - 1) * height }} />
      </div>
    </div>
  );
}

function Row({ task, index, onFocus }: { task: TaskRow; index: number; onFocus: () => void }): ReactElement {
  const router = useRouter();
  const path = useScopedPath();
  const open = (event: MouseEvent): void => {
    const onLink = event.target instanceof Element && event.target.closest("a, button");
    if (onLink || event.button !== 0 || event.metaKey || event.ctrlKey || String(window.getSelection()) !== "") return;
    router.push(path(taskPath(task.id)));
  };
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      data-index={index}
      onClick={open}
      onFocus={onFocus}
      className={`cursor-pointer border-b border-line/60 hover:bg-paper-2 has-focus-visible:bg-paper-2 max-md:flex max-md:h-13 max-md:flex-wrap max-md:content-center max-md:gap-x-3 max-md:after:order-2 max-md:after:basis-full max-md:after:content-[''] md:h-(--row) ${TASK_GRID}`}
    >
      {TASK_COLUMNS.map(({ id, className, cell }) => (
        <div key={id} role="cell" className={className}>
          {id === "task" ? <ScopedLink to={taskPath(task.id)}>{cell(task)}</ScopedLink> : cell(task)}
        </div>
      ))}
    </div>
  );
}
