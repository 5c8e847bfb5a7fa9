import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { TaskScreen } from "../../../../components/tasks/task-screen.tsx";
import { taskOptions } from "../../../../lib/client/tasks.ts";
import { getTask } from "../../../../lib/queries/get-task.ts";
import { answersFor, decoded, type PageAddress } from "../../questions.ts";

export async function generateMetadata({ params }: PageAddress<{ id: string }>): Promise<Metadata> {
  return { title: decoded((await params).id) };
}

export default async function TaskPage(address: PageAddress<{ id: string }>) {
  const id = decoded((await address.params).id);
  const cache = await answersFor(address, ({ cache, monitor, viewer, scope: { broker } }) => [
    cache.prefetchQuery({ ...taskOptions(id, broker), queryFn: () => getTask(monitor, viewer, { id, broker }) }),
  ]);
  return (
    <HydrationBoundary state={dehydrate(cache)}>
      <TaskScreen id={id} />
    </HydrationBoundary>
  );
}
