import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { QueueScreen } from "../../../../components/queues/queue-screen.tsx";
import { queueOptions } from "../../../../lib/client/queues.ts";
import { getQueue } from "../../../../lib/queries/get-queue.ts";
import { answersFor, decoded, type PageAddress } from "../../questions.ts";

export async function generateMetadata({ params }: PageAddress<{ name: string }>): Promise<Metadata> {
  return { title: decoded((await params).name) };
}

export default async function QueuePage(address: PageAddress<{ name: string }>) {
  const name = decoded((await address.params).name);
  const cache = await answersFor(address, ({ cache, monitor, viewer, scope }) => [
    cache.prefetchQuery({ ...queueOptions(name, scope), queryFn: () => getQueue(monitor, viewer, { ...scope, name }) }),
  ]);
  return (
    <HydrationBoundary state={dehydrate(cache)}>
      <QueueScreen name={name} />
    </HydrationBoundary>
  );
}
