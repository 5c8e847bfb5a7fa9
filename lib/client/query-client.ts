import { QueryClient } from "@tanstack/react-query";

/**
 * What this page has asked. Answers are refreshed when the live stream says that something changed, so they are never
 * old by age alone; the time here only keeps what the server has just rendered from being asked again.
 */
export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: { queries: { staleTime: 10_000, gcTime: 120_000, retry: 1, retryDelay: 500, refetchOnWindowFocus: false } },
  });
}
