import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { WorkersScreen } from "../../../components/workers/workers-screen.tsx";
import { workerListOptions } from "../../../lib/client/workers.ts";
import { listWorkers } from "../../../lib/queries/list-workers.ts";
import { answersFor, type PageAddress } from "../questions.ts";

export const metadata: Metadata = { title: "Workers" };

export default async function WorkersPage(address: PageAddress) {
  const cache = await answersFor(address, ({ cache, monitor, viewer, scope }) => [
    cache.prefetchQuery({ ...workerListOptions(scope), queryFn: () => listWorkers(monitor, viewer, scope) }),
  ]);
  return (
    <HydrationBoundary state={dehydrate(cache)}>
      <WorkersScreen />
    </HydrationBoundary>
  );
}
