"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { useScope } from "../../lib/client/use-address.ts";
import { workerListOptions } from "../../lib/client/workers.ts";
import { Count } from "../ui/count.tsx";
import { Failure, Notice } from "../ui/notice.tsx";
import { WorkerTable } from "./worker-table.tsx";

export function WorkersScreen(): ReactElement {
  const { data, error, refetch } = useQuery({ ...workerListOptions(useScope()), placeholderData: keepPreviousData });
  return (
    <>
      <h1 className="sr-only">Workers</h1>
      {data ? (
        data.workers.length === 0 ? (
          <NoWorkers />
        ) : (
          <div className="py-3">
            <WorkerTable workers={data.workers} />
            {data.omitted > 0 && (
              <p className="py-3 text-label text-ink-2">
                <Count value={data.omitted} /> more workers are not shown.
              </p>
            )}
          </div>
        )
      ) : error ? (
        <Failure what="Workers" error={error} retry={() => void refetch()} />
      ) : (
        <Notice title="Reading …" role="status" />
      )}
    </>
  );
}

function NoWorkers(): ReactElement {
  return (
    <Notice title="No worker has been heard." role="status">
      <p>
        A worker shows up with its first heartbeat or its first answer to remote control, within seconds of its start. If one runs, does it
        use this broker and this database?
      </p>
    </Notice>
  );
}
