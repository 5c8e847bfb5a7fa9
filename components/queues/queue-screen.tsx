"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { ApiError } from "../../lib/client/api.ts";
import { queueOptions } from "../../lib/client/queues.ts";
import { seriesOptions } from "../../lib/client/series.ts";
import { taskPath } from "../../lib/client/tasks.ts";
import { useScope } from "../../lib/client/use-address.ts";
import { workerPath } from "../../lib/client/workers.ts";
import type { HeldMessage, QueueDetail } from "../../lib/contract/queue.ts";
import { SeriesFigure } from "../charts/series-figure.tsx";
import { Sparkline } from "../charts/sparkline.tsx";
import { ScopedLink } from "../layout/scoped-link.tsx";
import { Mark } from "../state/mark.tsx";
import { formatDuration } from "../time/time.model.ts";
import { Age, AgeAndTime } from "../time/time.tsx";
import { Count } from "../ui/count.tsx";
import { columnsOf, DataTable } from "../ui/data-table.tsx";
import { Facts } from "../ui/facts.tsx";
import { Failure, Notice } from "../ui/notice.tsx";
import { formatRate } from "../ui/number.model.ts";
import { Section } from "../ui/section.tsx";
import { drainWords, HEALTH, oldestWords } from "./health.model.ts";
import { WaitingMessages } from "./waiting-messages.tsx";

/** One queue: why it is as it is, what waits in it, and what workers have taken and not yet acknowledged. */
export function QueueScreen({ name }: { name: string }): ReactElement {
  const scope = useScope();
  const { data, error, refetch } = useQuery({ ...queueOptions(name, scope), placeholderData: keepPreviousData });
  const series = useQuery({ ...seriesOptions(scope, { by: "queue", key: name }), placeholderData: keepPreviousData });
  if (data) {
    return (
      <>
        <QueueHead detail={data} />
        <div className="grid gap-x-6 border-t py-3 lg:grid-cols-3">
          <SeriesFigure title="Runs ended" of="ended" series={series} />
          <SeriesFigure title="Wait" of="wait" series={series} />
          <SeriesFigure title="Run" of="run" series={series} />
        </div>
        <WaitingMessages name={name} broker={scope.broker} queue={data.queue} />
        <Held detail={data} />
      </>
    );
  }
  if (error instanceof ApiError && error.status === 404) return <UnknownQueue name={name} />;
  if (error) return <Failure what="This queue" error={error} retry={() => void refetch()} />;
  return <Notice title="Reading …" role="status" />;
}

export function UnknownQueue({ name }: { name: string }): ReactElement {
  return (
    <Notice title="There is no such queue now.">
      <p className="said break-all">{name}</p>
      <p>Redis keeps an empty queue as no key at all. It appears again with its next message, or when a worker says that it consumes it.</p>
    </Notice>
  );
}

function QueueHead({ detail: { queue } }: { detail: QueueDetail }): ReactElement {
  const steps = queue.byPriority.filter(({ depth }) => depth > 0);
  const oldest = queue.oldest && oldestWords(queue.oldest);
  return (
    <header className="grid gap-2 py-4">
      <h1 className="flex flex-wrap items-center gap-x-3">
        <span className="said font-medium break-all">{queue.name}</span>
        <Mark look={HEALTH[queue.health]} />
        <Sparkline points={queue.history} label="Depth over the time window" />
      </h1>
      {queue.reason !== "" && <p className="max-w-4xl">{queue.reason}</p>}
      <Facts
        of={[
          { word: "Waiting", value: <Count value={queue.depth} /> },
          { word: "Oldest", value: oldest?.text ?? "–", hint: oldest?.known },
          { word: "In a minute", value: queue.inPerMinute === null ? "not told" : formatRate(queue.inPerMinute) },
          { word: "Out a minute", value: queue.outPerMinute === null ? "not told" : formatRate(queue.outPerMinute) },
          { word: "Drains in", value: drainWords(queue) ?? "–" },
          queue.expiresInMs !== null && {
            word: "Expires in",
            value: formatDuration(queue.expiresInMs),
            hint: "Redis deletes the queue by itself when nobody has used it for so long",
          },
          { word: "Sampled", value: queue.sampledAt === null ? "never" : <Age at={queue.sampledAt} suffix=" ago" /> },
        ]}
      />
      {steps.length > 1 && (
        <p className="text-table text-ink-2">
          By priority:{" "}
          {steps.map(({ priority, depth }) => (
            <span key={priority} className="mr-3 whitespace-nowrap">
              {priority}: <Count value={depth} />
            </span>
          ))}
        </p>
      )}
      <Consumers consumers={queue.consumers} />
    </header>
  );
}

function Consumers({ consumers }: { consumers: string[] | null }): ReactElement {
  if (consumers === null) return <p className="text-table text-ink-2">No worker could be asked whether it consumes this queue.</p>;
  if (consumers.length === 0) return <p className="text-table">No worker that answers consumes it.</p>;
  return (
    <p className="text-table">
      <span className="text-ink-2">Consumed by </span>
      {consumers.map((worker, index) => (
        <span key={worker}>
          {index > 0 && ", "}
          <ScopedLink to={workerPath(worker)} className="said break-all hover:underline">
            {worker}
          </ScopedLink>
        </span>
      ))}
    </p>
  );
}

const held = columnsOf<HeldMessage>();
const heldColumns = held.columns([
  held.accessor((message) => message.name ?? undefined, {
    id: "name",
    header: "Task",
    sortUndefined: "last",
    meta: { phone: 1 },
    cell: ({ row: { original } }) =>
      original.id === null ? (
        <span className="said clip block text-ink-2">{original.tag}</span>
      ) : (
        <ScopedLink to={taskPath(original.id)} className="said clip block max-w-160 hover:underline md:max-lg:max-w-52">
          {original.name ?? "Name not known"} <span className="text-ink-2">{original.id}</span>
        </ScopedLink>
      ),
  }),
  held.accessor((message) => message.holder ?? undefined, {
    id: "holder",
    header: "Held by",
    sortUndefined: "last",
    cell: ({ row: { original } }) => <span className="said">{original.holder ?? "not known"}</span>,
  }),
  held.accessor("takenAt", { header: "Taken", meta: { end: true }, cell: ({ getValue }) => <AgeAndTime at={getValue()} /> }),
  held.accessor((message) => message.etaAt ?? undefined, {
    id: "eta",
    header: "Due",
    sortUndefined: "last",
    meta: { end: true },
    cell: ({ row: { original } }) => (original.etaAt === null ? "–" : <AgeAndTime at={original.etaAt} />),
  }),
]);

function Held({ detail: { held: messages, heldTotal } }: { detail: QueueDetail }): ReactElement {
  return (
    <Section title="Taken, not yet acknowledged" aside={<Count value={heldTotal} />}>
      {messages.length === 0 ? (
        <p className="text-table text-ink-2">Workers hold no message of this queue.</p>
      ) : (
        <>
          <DataTable label="Messages that workers hold" columns={heldColumns} rows={messages} rowId={({ tag }) => tag} />
          {heldTotal > messages.length && (
            <p className="py-2 text-label text-ink-2">
              <Count value={heldTotal - messages.length} /> more are not shown.
            </p>
          )}
        </>
      )}
    </Section>
  );
}
