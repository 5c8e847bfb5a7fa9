import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { inAddress } from "../contract/address.ts";
import type { Scope } from "../contract/common.ts";
import type { QueueDetail, QueueList, QueueMessages } from "../contract/queue.ts";
import { ask } from "./api.ts";

export function queuePath(name: string): `/${string}` {
  return `/queues/${inAddress(name)}`;
}

export function queueListOptions(scope: Scope) {
  return queryOptions({
    queryKey: ["queues", scope],
    queryFn: ({ signal }) => ask<QueueList>("/queues", scope, signal),
  });
}

export function queueOptions(name: string, scope: Scope) {
  return queryOptions({
    queryKey: ["queues", "one", name, scope],
    queryFn: ({ signal }) => ask<QueueDetail>(queuePath(name), scope, signal),
  });
}

/** Messages of a queue that are read at once. */
export const MESSAGES_PER_PAGE = 50;

/**
 * What lies in a queue, from the next one to be taken. Messages move on while one reads, so pages are not refreshed by
 * themselves: whoever reads says when. `priority` null is all of them.
 */
export function queueMessagesOptions(name: string, broker: string | undefined, priority: number | null) {
  return infiniteQueryOptions({
    queryKey: ["messages", name, broker ?? null, priority],
    queryFn: ({ pageParam, signal }) =>
      ask<QueueMessages>(`${queuePath(name)}/messages`, { broker, priority, offset: pageParam, limit: MESSAGES_PER_PAGE }, signal),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next,
  });
}
