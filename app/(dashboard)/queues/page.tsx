import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { QueuesScreen } from "../../../components/queues/queues-screen.tsx";
import { queueListOptions } from "../../../lib/client/queues.ts";
import { listQueues } from "../../../lib/queries/list-queues.ts";
import { answersFor, type PageAddress } from "../questions.ts";

export const metadata: Metadata = { title: "Queues" };

export default async function QueuesPage(address: PageAddress) {
  const cache = await answersFor(address, ({ cache, monitor, viewer, scope }) => [
    cache.prefetchQuery({ ...queueListOptions(scope), queryFn: () => listQueues(monitor, viewer, scope) }),
  ]);
  return (
    <HydrationBoundary state={dehydrate(cache)}>
      <QueuesScreen />
    </HydrationBoundary>
  );
}
