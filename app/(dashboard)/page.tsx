import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { OverviewScreen } from "../../components/overview/overview-screen.tsx";
import { seriesOptions } from "../../lib/client/series.ts";
import { getSeries } from "../../lib/queries/get-series.ts";
import { answersFor, type PageAddress } from "./questions.ts";

export const metadata: Metadata = { title: "Overview" };

export default async function OverviewPage(address: PageAddress) {
  const cache = await answersFor(address, ({ cache, monitor, viewer, scope }) => [
    cache.prefetchQuery({ ...seriesOptions(scope), queryFn: () => getSeries(monitor, viewer, scope) }),
  ]);
  return (
    <HydrationBoundary state={dehydrate(cache)}>
      <OverviewScreen />
    </HydrationBoundary>
  );
}
