import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { TasksScreen } from "../../../components/tasks/tasks-screen.tsx";
import { seriesOptions } from "../../../lib/client/series.ts";
import { readTaskSearch, seriesOf } from "../../../lib/client/task-search.ts";
import { taskListOptions, TASKS_PER_PAGE } from "../../../lib/client/tasks.ts";
import { getSeries } from "../../../lib/queries/get-series.ts";
import { listTasks } from "../../../lib/queries/list-tasks.ts";
import { answersFor, type PageAddress } from "../questions.ts";

export const metadata: Metadata = { title: "Tasks" };

export default async function TasksPage(address: PageAddress) {
  const cache = await answersFor(address, ({ cache, monitor, viewer, params, scope }) => {
    const search = readTaskSearch(params);
    const drawn = seriesOf(search);
    return [
      cache.prefetchInfiniteQuery({
        ...taskListOptions(search),
        queryFn: () => listTasks(monitor, viewer, { ...search, limit: TASKS_PER_PAGE }),
      }),
      cache.prefetchQuery({ ...seriesOptions(scope, drawn), queryFn: () => getSeries(monitor, viewer, { ...scope, ...drawn }) }),
    ];
  });
  return (
    <HydrationBoundary state={dehydrate(cache)}>
      <TasksScreen />
    </HydrationBoundary>
  );
}
