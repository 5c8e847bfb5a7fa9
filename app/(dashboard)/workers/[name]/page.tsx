import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { WorkerScreen } from "../../../../components/workers/worker-screen.tsx";
import { workerOptions } from "../../../../lib/client/workers.ts";
import { getWorker } from "../../../../lib/queries/get-worker.ts";
import { answersFor, decoded, type PageAddress } from "../../questions.ts";

export async function generateMetadata({ params }: PageAddress<{ name: string }>): Promise<Metadata> {
  return { title: decoded((await params).name) };
}

export default async function WorkerPage(address: PageAddress<{ name: string }>) {
  const name = decoded((await address.params).name);
  const cache = await answersFor(address, ({ cache, monitor, viewer, scope }) => [
    cache.prefetchQuery({ ...workerOptions(name, scope), queryFn: () => getWorker(monitor, viewer, { ...scope, name }) }),
  ]);
  return (
    <HydrationBoundary state={dehydrate(cache)}>
      <WorkerScreen name={name} />
    </HydrationBoundary>
  );
}
