import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { WorkerScreen } from "../../../../components/workers/worker-screen.tsx";
import { newQueryClient } from "../../../../lib/client/query-client.ts";
import { bounded, readScope } from "../../../../lib/client/scope.ts";
import { workerOptions } from "../../../../lib/client/workers.ts";
import { sharedMonitor } from "../../../../lib/http/shared.ts";
import { viewer } from "../../../../lib/http/viewer.ts";
import { getWorker } from "../../../../lib/queries/get-worker.ts";
import { decoded, type PageAddress, searchOf } from "../../address.ts";

export const metadata: Metadata = { title: "Worker" };

export default async function WorkerPage(address: PageAddress<{ name: string }>) {
  const name = decoded((await address.params).name);
  const scope = bounded(readScope(await searchOf(address)));
  const [cache, monitor, asker] = [newQueryClient(), sharedMonitor(), await viewer()];
  await cache.prefetchQuery({ ...workerOptions(name, scope), queryFn: () => getWorker(monitor, asker, { ...scope, name }), retry: false });
  return (
    <HydrationBoundary state={dehydrate(cache)}>
      <WorkerScreen name={name} />
    </HydrationBoundary>
  );
}
