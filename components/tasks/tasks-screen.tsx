"use client";

import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactElement, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { ApiError } from "../../lib/client/api.ts";
import { chipsOf, readTaskSearch, type TaskSearch } from "../../lib/client/task-search.ts";
import { taskCountsOptions, taskHeadOptions, taskListOptions } from "../../lib/client/tasks.ts";
import { changeAddress, useAddress } from "../../lib/client/use-address.ts";
import { useLive } from "../layout/live.tsx";
import { Button } from "../ui/button.tsx";
import { Failure, Notice } from "../ui/notice.tsx";
import { formatCount } from "../ui/number.model.ts";
import { visible } from "../value/value.model.ts";
import { StateChips } from "./state-chips.tsx";
import { freshWords, mergeRows } from "./task-rows.model.ts";
import { TaskHistogram } from "./task-histogram.tsx";
import { TaskTable } from "./task-table.tsx";

/** All tasks by filter: what was typed and chosen stands in the address. */
export function TasksScreen(): ReactElement {
  const address = useAddress();
  const search = useMemo(() => readTaskSearch(address), [address]);
  const cache = useQueryClient();
  const list = useInfiniteQuery({ ...taskListOptions(search), placeholderData: keepPreviousData });
  const head = useQuery({
    ...taskHeadOptions(search),
    initialData: () => cache.getQueryData(taskListOptions(search).queryKey)?.pages[0],
    initialDataUpdatedAt: () => cache.getQueryState(taskListOptions(search).queryKey)?.dataUpdatedAt,
    placeholderData: keepPreviousData,
  });
  const counts = useQuery({ ...taskCountsOptions(search), enabled: search.state.length > 0, placeholderData: keepPreviousData });
  const merged = useMemo(
    () => mergeRows(list.data?.pages ?? [], head.isPlaceholderData ? undefined : head.data),
    [list.data, head.data, head.isPlaceholderData],
  );
  const newest = head.data ?? list.data?.pages[0];
  const byState = (search.state.length > 0 ? counts.data : newest)?.byState ?? {};
  const engaged = useEngaged();

  const takeNew = (): void => {
    if (head.data) cache.setQueryData(taskListOptions(search).queryKey, { pages: [head.data], pageParams: [null] });
  };
  const live = useLive().status === "live";
  const takeQuietly = useEffectEvent(() => {
    if (live && !engaged.current) takeNew();
  });
  useEffect(() => {
    if (merged.fresh > 0) takeQuietly();
  }, [merged.fresh, head.dataUpdatedAt]);

  const refused = list.error instanceof ApiError && list.error.status === 400;
  return (
    <>
      <h1 className="sr-only">Tasks</h1>
      <TaskHistogram search={search} />
      <div className="grid gap-2 py-2">
        <StateChips byState={byState} chosen={search.state} />
        <Filters search={search} />
        <div className="flex min-h-6 flex-wrap items-center gap-x-3 text-table text-ink-2">
          <p role="status">
            {newest
              ? `${formatCount(newest.total.value)}${newest.total.exact ? "" : "+"} ${newest.total.value === 1 ? "task" : "tasks"}`
              : list.error
                ? ""
                : "Reading …"}
            {newest?.understood != null && search.q !== undefined && !refused && (
              <>
                {" "}
                with <span className="font-mono break-all">{visible(newest.understood)}</span>
              </>
            )}
          </p>
          {merged.fresh > 0 && (
            <Button
              className="sticky top-[calc(var(--bar)+0.5rem)]"
              onClick={() => {
                takeNew();
                window.scrollTo({ top: 0 });
              }}
            >
              {freshWords(merged)} ↑
            </Button>
          )}
        </div>
      </div>
      {refused ? (
        <Notice title="This filter cannot be read." role="alert">
          <p>{list.error?.message}</p>
        </Notice>
      ) : list.error && !list.data ? (
        <Failure what="Tasks" error={list.error} retry={() => void list.refetch()} />
      ) : merged.rows.length === 0 && list.data ? (
        <NoTasks search={search} />
      ) : (
        <div ref={engaged.ref} className={list.isPlaceholderData ? "opacity-60" : ""} aria-busy={list.isPending}>
          <TaskTable
            rows={merged.rows}
            sort={search.sort}
            total={newest?.total.value ?? merged.rows.length}
            more={list.hasNextPage && !list.isFetchingNextPage && !list.isFetchNextPageError ? () => void list.fetchNextPage() : null}
          />
          <p role="status" className="py-3 text-label text-ink-2">
            {list.isFetchingNextPage ? (
              "More …"
            ) : list.isFetchNextPageError ? (
              <MoreFailed retry={() => void list.fetchNextPage()} />
            ) : !list.hasNextPage && merged.rows.length > 0 ? (
              "That is all."
            ) : (
              ""
            )}
          </p>
        </div>
      )}
    </>
  );
}

function MoreFailed({ retry }: { retry: () => void }): ReactElement {
  return (
    <>
      The next page could not be read.{" "}
      <button type="button" className="text-ink underline underline-offset-3" onClick={retry}>
        Try again
      </button>
    </>
  );
}

/** The filters that the address holds besides text and states, each to be dropped. */
function Filters({ search }: { search: TaskSearch }): ReactElement | null {
  const chips = chipsOf(search);
  if (chips.length === 0) return null;
  return (
    <ul aria-label="Filters" className="flex flex-wrap gap-1">
      {chips.map(({ name, value, rest }) => (
        <li key={`${name} ${value}`} className="inline-flex h-(--row) max-w-full items-center rounded-md border border-ink pl-2 text-table">
          <span className="text-ink-2">{name}:</span>
          <span className="said clip px-1">{value}</span>
          <button
            type="button"
            aria-label={`Drop ${name} ${value}`}
            className="h-full px-2 text-ink-2 hover:text-ink"
            onClick={() => changeAddress({ [name]: rest })}
          >
            ×
          </button>
        </li>
      ))}
    </ul>
  );
}

function NoTasks({ search }: { search: TaskSearch }): ReactElement {
  const narrow = search.q !== undefined || search.state.length > 0 || chipsOf(search).length > 0;
  return (
    <Notice title={narrow ? "No task matches." : "No task in this time window."} role="status">
      <p className="flex flex-wrap gap-2 text-ink">
        {search.from !== 0 && <Button onClick={() => changeAddress({ window: null, from: 0, to: null })}>Look at all that is kept</Button>}
        {narrow && (
          <Button
            onClick={() =>
              changeAddress(Object.fromEntries(["q", "state", ...chipsOf(search).map(({ name }) => name)].map((name) => [name, null])))
            }
          >
            Drop the filters
          </Button>
        )}
      </p>
    </Notice>
  );
}

/** Whether somebody reads the list: the pointer or the focus is in it, or it is scrolled. Then nothing may move. */
function useEngaged(): { readonly current: boolean; ref: (element: HTMLElement | null) => (() => void) | undefined } {
  const state = useRef({ pointer: false, element: null as HTMLElement | null });
  const [engaged] = useState(() => ({
    get current(): boolean {
      const { pointer, element } = state.current;
      return pointer || window.scrollY > 0 || (element?.contains(document.activeElement) ?? false);
    },
    ref(element: HTMLElement | null) {
      state.current.element = element;
      if (!element) return undefined;
      const enter = (): void => void (state.current.pointer = true);
      const leave = (): void => void (state.current.pointer = false);
      element.addEventListener("pointerenter", enter);
      element.addEventListener("pointerleave", leave);
      return () => {
        element.removeEventListener("pointerenter", enter);
        element.removeEventListener("pointerleave", leave);
      };
    },
  }));
  return engaged;
}
