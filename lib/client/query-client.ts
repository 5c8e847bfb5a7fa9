import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./api.ts";

/**
 * What this page has asked. Answers are refreshed when the live stream says that something changed, so they are never
 * old by age alone; the time here only keeps what the server has just rendered from being asked again.
 */
export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        gcTime: 120_000,
        retry: (failures, error) => failures < 1 && isWorthRepeating(error),
        retryDelay: 500,
        refetchOnWindowFocus: false,
      },
    },
  });
}

/** A page that the server renders does not wait for a second try: the browser asks again by itself. */
function isWorthRepeating(error: Error): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status >= 500);
}
