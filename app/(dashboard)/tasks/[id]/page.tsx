import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { TaskScreen } from "../../../../components/tasks/task-screen.tsx";
import { newQueryClient } from "../../../../lib/client/query-client.ts";
import { readScope } from "../../../../lib/client/scope.ts";
import { taskOptions } from "../../../../lib/client/tasks.ts";
import { sharedMonitor } from "../../../../lib/http/shared.ts";
import { viewer } from "../../../../lib/http/viewer.ts";
import { getTask } from "../../../../lib/queries/get-task.ts";
import { decoded, type PageAddress, searchOf } from "../../address.ts";

export const metadata: Metadata = { title: "Task" };

export default async function TaskPage(address: PageAddress<{ id: string }>) {
  const id = decoded((await address.params).id);
  const { broker } = readScope(await searchOf(address));
  const [cache, monitor, asker] = [newQueryClient(), sharedMonitor(), await viewer()];
  await cache.prefetchQuery({ ...taskOptions(id, broker), queryFn: () => getTask(monitor, asker, { id, broker }), retry: false });
  return (
    <HydrationBoundary state={dehydrate(cache)}>
      <TaskScreen id={id} />
    </HydrationBoundary>
  );
}
