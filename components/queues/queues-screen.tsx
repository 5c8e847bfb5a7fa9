"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { queueListOptions } from "../../lib/client/queues.ts";
import { useScope } from "../../lib/client/use-address.ts";
import { Count } from "../ui/count.tsx";
import { Failure, Notice } from "../ui/notice.tsx";
import { QueueTable } from "./queue-table.tsx";

export function QueuesScreen(): ReactElement {
  const { data, error, refetch } = useQuery({ ...queueListOptions(useScope()), placeholderData: keepPreviousData });
  return (
    <>
      <h1 className="sr-only">Queues</h1>
      {data ? (
        data.queues.length === 0 ? (
          <NoQueues />
        ) : (
          <div className="py-3">
            <QueueTable queues={data.queues} />
            {data.omitted > 0 && (
              <p className="py-3 text-label text-ink-2">
                <Count value={data.omitted} /> more queues are not shown.
              </p>
            )}
          </div>
        )
      ) : error ? (
        <Failure what="Queues" error={error} retry={() => void refetch()} />
      ) : (
        <Notice title="Reading …" role="status" />
      )}
    </>
  );
}

function NoQueues(): ReactElement {
  return (
    <Notice title="No queue has been seen." role="status">
      <p>
        Redis keeps an empty queue as no key at all, so queues appear with their first message, or as soon as a worker says what it
        consumes.
      </p>
    </Notice>
  );
}
