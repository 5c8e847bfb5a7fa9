import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { TasksScreen } from "../../../components/tasks/tasks-screen.tsx";
import { newQueryClient } from "../../../lib/client/query-client.ts";
import { readTaskSearch } from "../../../lib/client/task-search.ts";
import { taskListOptions, TASKS_PER_PAGE } from "../../../lib/client/tasks.ts";
import { sharedMonitor } from "../../../lib/http/shared.ts";
import { viewer } from "../../../lib/http/viewer.ts";
import { listTasks } from "../../../lib/queries/list-tasks.ts";
import { type PageAddress, searchOf } from "../address.ts";

export const metadata: Metadata = { title: "Tasks" };

export default async function TasksPage(address: PageAddress) {
  const search = readTaskSearch(await searchOf(address));
  const [cache, monitor, asker] = [newQueryClient(), sharedMonitor(), await viewer()];
  await cache.prefetchInfiniteQuery({
    ...taskListOptions(search),
    queryFn: () => listTasks(monitor, asker, { ...search, limit: TASKS_PER_PAGE }),
  });
  return (
    <HydrationBoundary state={dehydrate(cache)}>
      <TasksScreen />
    </HydrationBoundary>
  );
}
