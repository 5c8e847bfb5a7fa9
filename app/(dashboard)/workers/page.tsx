import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { WorkersScreen } from "../../../components/workers/workers-screen.tsx";
import { newQueryClient } from "../../../lib/client/query-client.ts";
import { bounded, readScope } from "../../../lib/client/scope.ts";
import { workerListOptions } from "../../../lib/client/workers.ts";
import { sharedMonitor } from "../../../lib/http/shared.ts";
import { viewer } from "../../../lib/http/viewer.ts";
import { listWorkers } from "../../../lib/queries/list-workers.ts";
import { type PageAddress, searchOf } from "../address.ts";

export const metadata: Metadata = { title: "Workers" };

export default async function WorkersPage(address: PageAddress) {
  const scope = bounded(readScope(await searchOf(address)));
  const [cache, monitor, asker] = [newQueryClient(), sharedMonitor(), await viewer()];
  await cache.prefetchQuery({ ...workerListOptions(scope), queryFn: () => listWorkers(monitor, asker, scope) });
  return (
    <HydrationBoundary state={dehydrate(cache)}>
      <WorkersScreen />
    </HydrationBoundary>
  );
}
