import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { QueueScreen } from "../../../../components/queues/queue-screen.tsx";
import { newQueryClient } from "../../../../lib/client/query-client.ts";
import { queueOptions } from "../../../../lib/client/queues.ts";
import { bounded, readScope } from "../../../../lib/client/scope.ts";
import { sharedMonitor } from "../../../../lib/http/shared.ts";
import { viewer } from "../../../../lib/http/viewer.ts";
import { getQueue } from "../../../../lib/queries/get-queue.ts";
import { decoded, type PageAddress, searchOf } from "../../address.ts";

export const metadata: Metadata = { title: "Queue" };

export default async function QueuePage(address: PageAddress<{ name: string }>) {
  const name = decoded((await address.params).name);
  const scope = bounded(readScope(await searchOf(address)));
  const [cache, monitor, asker] = [newQueryClient(), sharedMonitor(), await viewer()];
  await cache.prefetchQuery({ ...queueOptions(name, scope), queryFn: () => getQueue(monitor, asker, { ...scope, name }), retry: false });
  return (
    <HydrationBoundary state={dehydrate(cache)}>
      <QueueScreen name={name} />
    </HydrationBoundary>
  );
}
