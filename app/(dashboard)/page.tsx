import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { OverviewScreen } from "../../components/overview/overview-screen.tsx";
import { overviewOptions } from "../../lib/client/overview.ts";
import { newQueryClient } from "../../lib/client/query-client.ts";
import { bounded, readScope } from "../../lib/client/scope.ts";
import { seriesOptions } from "../../lib/client/series.ts";
import { sharedMonitor } from "../../lib/http/shared.ts";
import { viewer } from "../../lib/http/viewer.ts";
import { getOverview } from "../../lib/queries/get-overview.ts";
import { getSeries } from "../../lib/queries/get-series.ts";
import { type PageAddress, searchOf } from "./address.ts";

export const metadata: Metadata = { title: "Overview" };

export default async function OverviewPage(address: PageAddress) {
  const scope = bounded(readScope(await searchOf(address)));
  const [cache, monitor, asker] = [newQueryClient(), sharedMonitor(), await viewer()];
  await Promise.all([
    cache.prefetchQuery({ ...overviewOptions(scope), queryFn: () => getOverview(monitor, asker, scope) }),
    cache.prefetchQuery({ ...seriesOptions(scope), queryFn: () => getSeries(monitor, asker, scope) }),
  ]);
  return (
    <HydrationBoundary state={dehydrate(cache)}>
      <OverviewScreen />
    </HydrationBoundary>
  );
}
