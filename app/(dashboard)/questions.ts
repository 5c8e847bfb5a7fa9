import type { QueryClient } from "@tanstack/react-query";
import type { Scope } from "../../lib/contract/common.ts";
import { overviewOptions } from "../../lib/client/overview.ts";
import { newQueryClient } from "../../lib/client/query-client.ts";
import { bounded, readScope } from "../../lib/client/scope.ts";
import { sharedMonitor } from "../../lib/http/shared.ts";
import { viewer } from "../../lib/http/viewer.ts";
import type { Viewer } from "../../lib/model/viewer.ts";
import type { Monitor } from "../../lib/monitor/monitor.ts";
import { getOverview } from "../../lib/queries/get-overview.ts";

/** What Next hands to a page. */
export interface PageAddress<Params = Record<never, never>> {
  params: Promise<Params>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

/** What a page needs to ask its questions: where, of whom, about what, and where to keep the answers for the browser. */
export interface Asking {
  cache: QueryClient;
  monitor: Monitor;
  viewer: Viewer;
  /** The query string, in the form that the browser has it in. */
  params: URLSearchParams;
  scope: Scope;
}

/** Asks `questions` and, for what stands around every page, the overview. What fails is asked again by the browser, which shows why. */
export async function answersFor(
  address: Pick<PageAddress, "searchParams">,
  questions: (asking: Asking) => Promise<unknown>[],
): Promise<QueryClient> {
  const params = searchOf(await address.searchParams);
  const scope = bounded(readScope(params));
  const asking = { cache: newQueryClient(), monitor: sharedMonitor(), viewer: await viewer(), params, scope };
  const overview = asking.cache.prefetchQuery({
    ...overviewOptions(scope),
    queryFn: () => getOverview(asking.monitor, asking.viewer, scope),
  });
  await Promise.all([overview, ...questions(asking)]);
  return asking.cache;
}

function searchOf(search: Awaited<PageAddress["searchParams"]>): URLSearchParams {
  return new URLSearchParams(Object.entries(search).flatMap(([name, value]) => [value ?? []].flat().map((each) => [name, each])));
}

/** A path value as its link meant it; Next hands it to pages as it stands in the address. */
export function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
