import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { QueuesScreen } from "../../../components/queues/queues-screen.tsx";
import { newQueryClient } from "../../../lib/client/query-client.ts";
import { queueListOptions } from "../../../lib/client/queues.ts";
import { bounded, readScope } from "../../../lib/client/scope.ts";
import { sharedMonitor } from "../../../lib/http/shared.ts";
import { viewer } from "../../../lib/http/viewer.ts";
import { listQueues } from "../../../lib/queries/list-queues.ts";
import { type PageAddress, searchOf } from "../address.ts";

export const metadata: Metadata = { title: "Queues" };

export default async function QueuesPage(address: PageAddress) {
  const scope = bounded(readScope(await searchOf(address)));
  const [cache, monitor, asker] = [newQueryClient(), sharedMonitor(), await viewer()];
  await cache.prefetchQuery({ ...queueListOptions(scope), queryFn: () => listQueues(monitor, asker, scope) });
  return (
    <HydrationBoundary state={dehydrate(cache)}>
      <QueuesScreen />
    </HydrationBoundary>
  );
}
