"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { ApiError } from "../../lib/client/api.ts";
import { queuePath } from "../../lib/client/queues.ts";
import { seriesOptions } from "../../lib/client/series.ts";
import { useScope } from "../../lib/client/use-address.ts";
import { workerOptions } from "../../lib/client/workers.ts";
import type { WorkerRow } from "../../lib/contract/worker.ts";
import { SeriesFigure } from "../charts/series-figure.tsx";
import { ScopedLink } from "../layout/scoped-link.tsx";
import { Mark } from "../state/mark.tsx";
import { SomeTasks } from "../tasks/some-tasks.tsx";
import { formatDuration } from "../time/time.model.ts";
import { AgeAndTime } from "../time/time.tsx";
import { Count } from "../ui/count.tsx";
import { Facts } from "../ui/facts.tsx";
import { Failure, Notice } from "../ui/notice.tsx";
import { Section } from "../ui/section.tsx";
import { Inspection } from "./inspection.tsx";
import { showsLifeNow, slotWords, WORKER_LOOKS } from "./worker.model.ts";

/** A clock that is this far off moves its tasks to where they were not. */
const CLOCK_OFF_MS = 1_000;

/** One worker: what its slots do now, what it holds, what it has done, and what it says itself. */
export function WorkerScreen({ name }: { name: string }): ReactElement {
  const scope = useScope();
  const { data, error, refetch } = useQuery({ ...workerOptions(name, scope), placeholderData: keepPreviousData });
  const series = useQuery({ ...seriesOptions(scope, { by: "worker", key: name }), placeholderData: keepPreviousData });
  if (data) {
    const { worker, running, held, recent } = data;
    return (
      <>
        <WorkerHead worker={worker} />
        <Section title="Running now" aside={slotWords(worker)}>
          <SomeTasks label="Running now" tasks={running} empty="It runs nothing that we know of." />
        </Section>
        <Section title="Taken, not begun" aside={<Count value={held.length} />}>
          <SomeTasks label="Taken, not begun" tasks={held} empty="It holds no other task." />
        </Section>
        <div className="grid gap-x-6 border-t py-3 lg:grid-cols-2">
          <SeriesFigure title="Runs ended" of="ended" series={series} />
          <SeriesFigure title="Run" of="run" series={series} />
        </div>
        <Section
          title="Ended lately"
          aside={
            <ScopedLink to="/tasks" with={{ worker: name }} className="text-ink underline underline-offset-3">
              All its tasks
            </ScopedLink>
          }
        >
          <SomeTasks label="Ended lately" tasks={recent} empty="None has ended in what is kept." />
        </Section>
        <Inspection name={name} broker={scope.broker} />
      </>
    );
  }
  if (error instanceof ApiError && error.status === 404) return <UnknownWorker name={name} />;
  if (error) return <Failure what="This worker" error={error} retry={() => void refetch()} />;
  return <Notice title="Reading …" role="status" />;
}

export function UnknownWorker({ name }: { name: string }): ReactElement {
  return (
    <Notice title="No worker of this name is known.">
      <p className="said break-all">{name}</p>
      <p>Workers are forgotten after a long silence, and a container often starts with a new name.</p>
    </Notice>
  );
}

function WorkerHead({ worker }: { worker: WorkerRow }): ReactElement {
  const offset = worker.clockOffsetMs;
  return (
    <header className="grid gap-2 py-4">
      <h1 className="flex flex-wrap items-center gap-x-3">
        <span className="said font-medium break-all">{worker.name}</span>
        <Mark look={WORKER_LOOKS[worker.state]} />
        {worker.kind === "beat" && <span className="text-label text-ink-2">beat</span>}
      </h1>
      {worker.reason !== "" && <p className="max-w-4xl">{worker.reason}</p>}
      {offset !== null && Math.abs(offset) > CLOCK_OFF_MS && (
        <p>
          Its clock is {formatDuration(Math.abs(offset))} {offset > 0 ? "ahead of" : "behind"} ours: times of its tasks are off by as much.
        </p>
      )}
      <Facts
        of={[
          {
            word: "Seen",
            value: showsLifeNow(worker) ? "now" : worker.lastSeenAt === null ? "never" : <AgeAndTime at={worker.lastSeenAt} />,
          },
          worker.startedAt !== null && { word: "Started", value: <AgeAndTime at={worker.startedAt} /> },
          {
            word: "Pool",
            value: [worker.pool, worker.slots === null ? null : `${worker.slots} slots`].filter(Boolean).join(", ") || "not told",
          },
          { word: "Prefetched", value: worker.prefetched === null ? "not told" : <Count value={worker.prefetched} /> },
          { word: "Succeeded", value: <Count value={worker.succeeded} /> },
          { word: "Failed", value: <Count value={worker.failed} /> },
          worker.processed !== null && { word: "Processed since its start", value: <Count value={worker.processed} /> },
          { word: "Software", value: worker.software ?? "not told" },
          worker.pid !== null && { word: "Process", value: worker.pid },
          worker.loadavg !== null && { word: "Load", value: worker.loadavg.map((load) => load.toFixed(2)).join(" ") },
        ]}
      />
      <p className="text-table">
        <span className="text-ink-2">Consumes </span>
        {worker.queues === null
          ? "not told"
          : worker.queues.length === 0
            ? "nothing"
            : worker.queues.map((queue, index) => (
                <span key={queue}>
                  {index > 0 && ", "}
                  <ScopedLink to={queuePath(queue)} className="said break-all hover:underline">
                    {queue}
                  </ScopedLink>
                </span>
              ))}
      </p>
    </header>
  );
}
