"use client";

import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { inAddress } from "../../lib/contract/address.ts";
import { ApiError } from "../../lib/client/api.ts";
import { taskOptions, taskPath } from "../../lib/client/tasks.ts";
import { useScope } from "../../lib/client/use-address.ts";
import type { Attempt, RelatedTask, TaskDetail } from "../../lib/contract/task.ts";
import { ScopedLink } from "../layout/scoped-link.tsx";
import { StateMark } from "../state/state-mark.tsx";
import { AgeAndTime, ClockTime, Duration } from "../time/time.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { columnsOf, DataTable } from "../ui/data-table.tsx";
import { Facts } from "../ui/facts.tsx";
import { Failure, Notice } from "../ui/notice.tsx";
import { Section } from "../ui/section.tsx";
import { JsonText } from "../value/json-text.tsx";
import { provenanceOf } from "../value/provenance.model.ts";
import { ToldValue } from "../value/told-value.tsx";
import { visible } from "../value/value.model.ts";
import { AttemptsBar } from "./attempts-bar.tsx";
import { beginsWithType, exceptionWords } from "./exception.model.ts";
import { TaskActs } from "./task-acts.tsx";
import { TaskEvents } from "./task-events.tsx";
import { Traceback } from "./traceback.tsx";

/** Everything about one task: what happened in a sentence, then the proof. */
export function TaskScreen({ id }: { id: string }): ReactElement {
  const { broker } = useScope();
  const { data, error, refetch } = useQuery(taskOptions(id, broker));
  if (data) return <TaskBody task={data} broker={broker} />;
  if (error instanceof ApiError && error.status === 404) return <UnknownTask id={id} />;
  if (error) return <Failure what="This task" error={error} retry={() => void refetch()} />;
  return <Notice title="Reading …" role="status" />;
}

/** Also for ids that exist nowhere: they come from logs and bug reports, and the answer must say what it means. */
export function UnknownTask({ id }: { id: string }): ReactElement {
  return (
    <Notice title="Nothing is known of this task.">
      <p className="said break-all">{id}</p>
      <p>
        No event has told of it, and neither a queue nor the results hold it. It may be older than what is kept, or belong to another
        broker.
      </p>
    </Notice>
  );
}

function TaskBody({ task, broker }: { task: TaskDetail; broker: string | undefined }): ReactElement {
  const { row } = task;
  return (
    <article>
      <header className="flex flex-wrap items-start gap-x-4 gap-y-2 py-4">
        <div className="min-w-0 grow basis-80">
          <h1 className="flex flex-wrap items-center gap-x-3">
            <span className="said text-body font-medium break-all">{row.name ?? "Name not known"}</span>
            <StateMark {...row} />
            {row.tag !== null && row.tag !== "exhausted" && <span className="text-label text-ink-2">{row.tag}</span>}
          </h1>
          <p className="flex flex-wrap items-center gap-x-1 text-table text-ink-2">
            <span className="said break-all">{row.id}</span>
            <CopyButton text={row.id} label="id" />
          </p>
        </div>
        <TaskActs task={task} broker={broker} />
        <p className="max-w-4xl basis-full">{task.story}</p>
      </header>

      <Section
        title={task.attempts.length > 1 ? `${task.attempts.length} attempts` : "Course"}
        aside={
          <span>
            Last heard of <AgeAndTime at={row.lastAt} />
          </span>
        }
      >
        <AttemptsBar attempts={task.attempts} />
        {task.attempts.length > 0 && (
          <DataTable
            label="Attempts"
            columns={attemptColumns}
            rows={task.attempts}
            rowId={({ retries, delivery }) => `${retries}.${delivery}`}
          />
        )}
        <TaskFacts task={task} />
      </Section>

      {(task.args || task.kwargs || task.result) && (
        <Section title="Arguments and result">
          <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
            {task.args && <ToldValue label="Arguments" told={task.args} />}
            {task.kwargs && <ToldValue label="Keyword arguments" told={task.kwargs} />}
            {task.result && <ToldValue label="Result" told={task.result} />}
          </div>
        </Section>
      )}

      {task.exception && (
        <Section title="Exception" aside={<CopyButton text={exceptionWords(task.exception.type, task.exception.text)} label="exception" />}>
          <p className="said text-table break-words whitespace-pre-wrap">
            {task.exception.type !== null && !beginsWithType(task.exception.type, task.exception.text) && (
              <span className="font-medium text-failure">{visible(task.exception.type)}: </span>
            )}
            {task.exception.text}
          </p>
        </Section>
      )}
      {task.traceback !== null && <Traceback text={task.traceback} />}

      <Family task={task} />
      <TaskEvents entries={task.timeline} />

      {task.message && (
        <Section
          title="Message"
          aside={
            <>
              {provenanceOf(task.message.source, "value")} · <ClockTime at={task.message.at} />
            </>
          }
        >
          <JsonText label="message" text={task.message.raw} />
        </Section>
      )}
    </article>
  );
}

const attempt = columnsOf<Attempt>();
const attemptColumns = attempt.columns([
  attempt.display({
    id: "number",
    header: "Attempt",
    meta: { phone: 1 },
    cell: ({ row }) => `${row.original.retries + 1}${row.original.delivery > 0 ? `, delivered again ${row.original.delivery} times` : ""}`,
  }),
  attempt.display({
    id: "state",
    header: "State",
    meta: { phone: 1 },
    cell: ({ row }) => <StateMark state={row.original.state} sentAt={row.original.sentAt} inferred={row.original.inferred} />,
  }),
  attempt.display({ id: "worker", header: "Worker", cell: ({ row }) => <WorkerName name={row.original.worker} pid={row.original.pid} /> }),
  attempt.display({ id: "queue", header: "Queue", cell: ({ row }) => <QueueName name={row.original.queue} /> }),
  attempt.display({
    id: "started",
    header: "Started",
    meta: { end: true },
    cell: ({ row }) => (row.original.startedAt === null ? "–" : <ClockTime at={row.original.startedAt} />),
  }),
  attempt.display({
    id: "run",
    header: "Run",
    meta: { end: true },
    cell: ({ row }) => (row.original.runMs === null ? "–" : <Duration ms={row.original.runMs} />),
  }),
  attempt.display({
    id: "exception",
    header: "Exception",
    meta: { grow: true },
    cell: ({ row }) => <span className="said clip block">{exceptionWords(row.original.exceptionType, row.original.exception)}</span>,
  }),
]);

function WorkerName({ name, pid }: { name: string | null; pid: number | null }): ReactElement {
  if (name === null) return <span>–</span>;
  return (
    <span>
      <ScopedLink to={`/workers/${inAddress(name)}`} className="said hover:underline">
        {name}
      </ScopedLink>
      {pid !== null && <span className="text-ink-2"> pid {pid}</span>}
    </span>
  );
}

function QueueName({ name }: { name: string | null }): ReactElement {
  if (name === null) return <span>–</span>;
  return (
    <ScopedLink to={`/queues/${inAddress(name)}`} className="said hover:underline">
      {name}
    </ScopedLink>
  );
}

function TaskFacts({ task: { row, expiresAt, groupId } }: { task: TaskDetail }): ReactElement {
  return (
    <div className="mt-2">
      <Facts
        of={[
          row.sentAt !== null && { word: "Sent", value: <AgeAndTime at={row.sentAt} /> },
          row.etaAt !== null && { word: "Due", value: <AgeAndTime at={row.etaAt} /> },
          expiresAt !== null && { word: "Expires", value: <AgeAndTime at={expiresAt} /> },
          row.waitMs !== null && { word: "Wait", value: <Duration ms={row.waitMs} /> },
          row.runMs !== null && { word: "Run", value: <Duration ms={row.runMs} /> },
          row.priority !== null && { word: "Priority", value: row.priority },
          groupId !== null && {
            word: "Group",
            value: (
              <ScopedLink to="/tasks" with={{ group: groupId, from: 0, window: null }} className="said break-all hover:underline">
                {groupId}
              </ScopedLink>
            ),
          },
        ]}
      />
    </div>
  );
}

function Family({ task }: { task: TaskDetail }): ReactElement | null {
  const { root, parent, children, rerunOf, rerunAs, row } = task;
  const lines: [string, RelatedTask[]][] = [
    ["First of its chain", root && root.id !== parent?.id && root.id !== row.id ? [root] : []],
    ["Sent by", parent ? [parent] : []],
    ["It sent", children],
    ["Rerun of", rerunOf ? [rerunOf] : []],
    ["Rerun as", rerunAs],
  ];
  const told = lines.filter(([, tasks]) => tasks.length > 0);
  if (told.length === 0) return null;
  return (
    <Section title="Related tasks">
      <dl className="grid grid-cols-[8rem_minmax(0,1fr)] gap-x-3 text-table">
        {told.map(([word, tasks]) => (
          <div key={word} className="col-span-2 grid grid-cols-subgrid">
            <dt className="leading-(--row) text-ink-2">{word}</dt>
            <dd className="min-w-0">
              {tasks.map((related) => (
                <ScopedLink
                  key={related.id}
                  to={taskPath(related.id)}
                  className="flex h-(--row) min-w-0 items-center gap-3 hover:bg-paper-2"
                >
                  <StateMark state={related.state} />
                  <span className="said clip">{related.name ?? related.id}</span>
                  <span className="said clip shrink-9 text-ink-2">{related.name === null ? "" : related.id}</span>
                </ScopedLink>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
